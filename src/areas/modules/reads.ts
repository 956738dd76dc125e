/** What decides about modules on a host, besides its module tree, which a capture always has. */
import type { AreaReads } from '../surroundings.ts';

/** What the area reads. */
export const MODULE_READS: AreaReads = {
  files: [
    ...['/etc', '/run', '/usr/local/lib', '/usr/lib'].flatMap((parent) => [
      `${parent}/modules-load.d`,
      `${parent}/modprobe.d`,
    ]),
    '/etc/modules',
    '/etc/initramfs-tools/modules',
  ],
  live: ['/proc/modules', '/proc/filesystems', '/proc/cmdline', '/sys/kernel/security/lockdown'],
  commands: { 'modprobe-missing.txt': ['modprobe', '-n', 'does_not_exist'] },
};
