/**
 * What a capture copies: everything that NodePrep looks at, so that `plan --root` on the copy says what it said on the
 * host. A name that ends in "*" stands for every entry of its folder that begins so.
 */
import type { Query } from '../../host/query.ts';

/** Files and folders of the persistent side, with links as links. */
export const PERSISTENT: readonly string[] = [
  ...['/etc', '/run', '/usr/local/lib', '/usr/lib'].flatMap((directory) =>
    ['sysctl.d', 'modules-load.d', 'modprobe.d'].map((name) => `${directory}/${name}`),
  ),
  '/etc/sysctl.conf',
  '/etc/modules',
  '/etc/fstab',
  '/etc/os-release',
  '/usr/lib/os-release',
  '/etc/dphys-swapfile',
  '/etc/default/ufw',
  '/etc/default/zramswap',
  '/etc/initramfs-tools/modules',
  '/etc/ufw/sysctl.conf',
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
  '/usr/lib/udev/rules.d/99-systemd.rules',
  '/var/lib/kubelet/config.yaml',
  '/var/lib/kubelet/kubeadm-flags.env',
  '/etc/default/kubelet',
  '/etc/kubernetes/kubelet.conf.d',
  '/etc/containerd/config.toml',
  '/etc/containerd/conf.d',
  '/etc/crio/crio.conf',
  '/etc/crio/crio.conf.d',
  '/etc/docker/daemon.json',
  '/etc/nodeprep',
  '/run/nodeprep/status.json',
  '/run/nodeprep/fights.json',
  '/var/lib/nodeprep/approval.json',
  '/var/lib/nodeprep/ledger.json',
  '/var/lib/nodeprep/spec.json',
];

/** Programs, of which only the presence counts: they are copied as empty files. */
export const PROGRAMS: readonly string[] = [
  '/usr/lib/systemd/systemd',
  '/usr/lib/systemd/system-generators/systemd-gpt-auto-generator',
  '/usr/lib/systemd/system-generators/zram-generator',
];

/** What the kernel shows; a file that cannot be read is left out. */
export const LIVE: readonly string[] = [
  '/proc/modules',
  '/proc/swaps',
  '/proc/meminfo',
  '/proc/filesystems',
  '/proc/mounts',
  '/proc/version',
  '/proc/cmdline',
  '/proc/sys',
  '/sys/fs/cgroup/cgroup.controllers',
  '/proc/cgroups',
];

/** Below `/proc/sys`: keys, names and identifiers, readings that change with every look, and triggers. */
export const NOT_CAPTURED =
  /^\/proc\/sys\/(?:kernel\/random\/|fs\/binfmt_misc\/)|\/(?:stable_secret|tcp_fastopen_key|hostname|domainname|drop_caches|compact_memory|flush)$/;

/** What the service manager and the kernel's tools say, by the name of the file that keeps it. */
export const COMMANDS: Readonly<Record<string, Query>> = {
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
  'systemd-version.txt': ['systemctl', '--version'],
  'modprobe-missing.txt': ['modprobe', '-n', 'does_not_exist'],
  'journal.txt': [
    'journalctl',
    '--no-pager',
    '-o',
    'short-iso',
    '-n',
    '300',
    '-u',
    'nodeprep',
    '-u',
    'nodeprep-bootstrap',
  ],
};

const SECRET = /([^\s="]*(?:pass|secret|token|key|credential)[^\s="]*=)[^\s",\\]+/gi;

/** The same in TOML, JSON and YAML: `password = "…"`, `"auth": "…"`. */
const QUOTED_SECRET =
  /^(.*?["']?[\w.-]*(?:pass|secret|token|auth|credential)[\w.-]*["']?\s*[=:]\s*)(?:"[^"\n]*"|'[^'\n]*')/gim;
/** User and password in an address, as of a proxy. */
const USER = /(:\/\/)[^/\s@"']+@/g;

/** Text without the values of options that look like secrets, as mount options, module options and boot parameters have them. */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(SECRET, '$1REDACTED')
    .replaceAll(QUOTED_SECRET, '$1"REDACTED"')
    .replaceAll(USER, '$1REDACTED@');
}
