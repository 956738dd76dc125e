/** Values that a kernel parameter cannot have, or that would make a node unusable. Pure. */
import { quoted } from '../yaml/quote.ts';

/** Families whose parameters hold numbers, seen on captured hosts, as a pattern for names with dots or slashes. */
export const NUMBER_FAMILIES = '^(kernel|vm|fs|net|user|abi)[./]';

/** Those of them that hold words, lists or masks. */
export const WORD_NAMES =
  '^(kernel[./](arch|domainname|osrelease|ostype|version|printk_devkmsg|watchdog_cpumask|ftrace_dump_on_oops|sched_energy_aware|seccomp[./].*|lsm.*|core_.*)' +
  '|vm[./]numa_zonelist_order|fs[./](binfmt_misc|ocfs2|nfs|lustre|xfs|ntfs)[./].*' +
  '|net[./]core[./](default_qdisc|netdev_rss_key|rps_default_mask|flow_limit_cpu_bitmap)' +
  '|net[./]ipv4[./](ip_local_reserved_ports|tcp_.*congestion_control|tcp_.*ulp|tcp_fastopen_key)' +
  '|net[./]ipv6[./](icmp[./]ratemask|conf[./].*[./]stable_secret)' +
  '|net[./](mptcp|sctp|smc|netfilter[./]nf_log|rds|tipc|vrf|ieee802154|bridge[./]nf_filter)[./].*)$';

/** Numbers as the kernel reads them, separated by spaces. */
export const NUMBERS = '^[ \\t]*-?(0[xX][0-9a-fA-F]+|[0-9]+)([ \\t]+-?(0[xX][0-9a-fA-F]+|[0-9]+))*[ \\t]*$';

const [families, words, numbers] = [new RegExp(NUMBER_FAMILIES), new RegExp(WORD_NAMES), new RegExp(NUMBERS)];

/** Words that people and YAML 1.1 use for switches, and what the kernel reads. */
const SWITCHES: ReadonlyMap<string, 0 | 1> = new Map([
  ...(['on', 'yes', 'y', 'true', 'enable', 'enabled'] as const).map((word) => [word, 1] as const),
  ...(['off', 'no', 'n', 'false', 'disable', 'disabled'] as const).map((word) => [word, 0] as const),
]);

/** Why a parameter cannot hold the text; `undefined` when it may. */
export function numberProblemOf(name: string, text: string): string | undefined {
  if (!families.test(name) || words.test(name) || numbers.test(text)) return undefined;
  const wrong = `${quoted(text)} is not a number, and ${name} takes whole numbers only`;
  const digit = SWITCHES.get(text.trim().toLowerCase());
  return digit === undefined
    ? `${wrong}: no units, no separators, no variables`
    : `${wrong}; a switch of the kernel is ${digit}`;
}

/** A parameter that must not be too small. */
export interface Floor {
  /** Digits of the smallest number: 4 for 1000. */
  readonly digits: number;
  /** What happens below. */
  readonly why: string;
}

const PROCESSES = 'with fewer the kubelet, sshd and systemd cannot start a process';
const FILES = 'with fewer every program of the node fails to open files';
const SOCKETS = 'with less memory no connection of the node, ssh among them, gets through';
const NAMESPACES = 'with fewer no container starts';

/** By name with dots. Where 0 means "no limit", 0 stays possible. */
export const FLOORS: Readonly<Record<string, Floor>> = {
  'kernel.pid_max': { digits: 4, why: PROCESSES },
  'kernel.threads-max': { digits: 4, why: PROCESSES },
  'kernel.pty.max': { digits: 2, why: 'with fewer no login is possible' },
  'fs.file-max': { digits: 4, why: FILES },
  'fs.nr_open': { digits: 4, why: FILES },
  'fs.inotify.max_user_instances': { digits: 2, why: 'with fewer systemd and the kubelet cannot watch files' },
  'fs.mount-max': { digits: 4, why: 'with fewer no container can mount its file systems' },
  'kernel.keys.root_maxkeys': { digits: 3, why: NAMESPACES },
  'vm.max_map_count': { digits: 4, why: 'with fewer no program of the node can be started' },
  'vm.overcommit_ratio': {
    digits: 2,
    why: 'with less vm.overcommit_memory=2 leaves no memory to start a program with',
  },
  'net.ipv4.ip_default_ttl': { digits: 2, why: 'with fewer no packet of the node leaves its own network' },
  'net.ipv4.tcp_mem': { digits: 4, why: SOCKETS },
  'net.ipv4.udp_mem': { digits: 4, why: SOCKETS },
  'fs.epoll.max_user_watches': {
    digits: 4,
    why: 'with fewer the kubelet, containerd and sshd cannot wait for anything',
  },
  'user.max_pid_namespaces': { digits: 3, why: NAMESPACES },
  'user.max_mnt_namespaces': { digits: 3, why: NAMESPACES },
  'user.max_net_namespaces': { digits: 3, why: NAMESPACES },
  'user.max_ipc_namespaces': { digits: 3, why: NAMESPACES },
  'user.max_uts_namespaces': { digits: 3, why: NAMESPACES },
  'user.max_cgroup_namespaces': { digits: 3, why: NAMESPACES },
  'net.core.netdev_max_backlog': {
    digits: 2,
    why: 'with fewer the kernel drops packets, those of the node to itself first',
  },
  'net.ipv4.neigh.default.gc_thresh3': {
    digits: 3,
    why: 'with fewer the node cannot learn the addresses of its neighbours',
  },
  'net.ipv6.neigh.default.gc_thresh3': {
    digits: 3,
    why: 'with fewer the node cannot learn the addresses of its neighbours',
  },
};

/** Numbers in decimal, each of at least so many digits. */
export const atLeastDigits = (digits: number) =>
  `^[ \\t]*0*[1-9][0-9]{${digits - 1},}([ \\t]+0*[1-9][0-9]{${digits - 1},})*[ \\t]*$`;

/** Why the value would brick a node; `undefined` when it would not. A limit that is only raised never does. */
export function floorProblem(name: string, text: string, match: string): string | undefined {
  const floor = Object.hasOwn(FLOORS, name) ? FLOORS[name] : undefined;
  if (floor === undefined || match === 'AtLeast' || match === 'Contains') return undefined;
  if (new RegExp(atLeastDigits(floor.digits)).test(text)) return undefined;
  return `${quoted(text)} is too small for ${name}, at least ${10 ** (floor.digits - 1)} is needed: ${floor.why}`;
}
