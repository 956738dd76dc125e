/** What decides about swap on a host. */
import { CGROUP_CONTROLLERS } from '../cgroups.ts';
import { KUBELET_CONFIG, KUBELET_FLAGS, USUAL_DROP_INS } from '../kubelet.ts';
import type { AreaReads } from '../surroundings.ts';
import { FSTAB } from './plan/fstab.ts';

/** What the area reads. */
export const SWAP_READS: AreaReads = {
  files: [
    FSTAB,
    '/etc/dphys-swapfile',
    '/etc/default/zramswap',
    '/run/systemd/generator',
    '/run/systemd/generator.early',
    '/run/systemd/generator.late',
    '/etc/systemd/zram-generator.conf*',
    '/usr/lib/systemd/zram-generator.conf*',
    '/etc/systemd/system/*.swap',
    '/etc/systemd/system/swap.target*',
    '/usr/lib/systemd/system/*.swap',
    '/usr/lib/systemd/system/*zram*',
    '/usr/lib/systemd/system/swap.target',
    KUBELET_CONFIG,
    USUAL_DROP_INS,
    ...KUBELET_FLAGS,
  ],
  programs: [
    '/usr/lib/systemd/systemd',
    '/usr/lib/systemd/system-generators/systemd-gpt-auto-generator',
    '/usr/lib/systemd/system-generators/zram-generator',
  ],
  live: ['/proc/swaps', '/proc/meminfo', '/proc/mounts', '/proc/cmdline', CGROUP_CONTROLLERS, '/proc/cgroups'],
  commands: {
    'systemctl-list-units-swap.txt': [
      'systemctl',
      'list-units',
      '--all',
      '--plain',
      '--no-legend',
      '*.swap',
      'swap.target',
    ],
    'systemctl-show-swap.txt': [
      'systemctl',
      'show',
      '--all',
      '-p',
      'Id,Names,LoadState,ActiveState,SubState,UnitFileState,FragmentPath,SourcePath,What,Where,DropInPaths',
      '*.swap',
      'swap.target',
    ],
    'systemctl-list-unit-files-swap.txt': [
      'systemctl',
      'list-unit-files',
      '--plain',
      '--no-legend',
      '*.swap',
      'swap.target',
      '*zram*',
    ],
    'lsblk.json': ['lsblk', '--json', '-o', 'NAME,TYPE,FSTYPE,LABEL,PARTTYPE,SIZE,MOUNTPOINTS'],
  },
};
