/** Values that a kernel parameter cannot have, or that would make a node unusable. Pure. */
import { quoted } from '../yaml/quote.ts';
import { namesOfSysctl } from './equal-sysctls.ts';

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

const NUMBER = '-?(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})';
/** Numbers as the kernel reads them, of at most 64 bits, separated by spaces. */
export const NUMBERS = `^[ \\t]*${NUMBER}([ \\t]+${NUMBER})*[ \\t]*$`;

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
  /** The same for every number after the first one of a vector, when they must be larger. */
  readonly later?: number;
  /** Whether 0 is possible, because it stands for no limit or for another parameter. */
  readonly zero?: true;
  /** What happens below. */
  readonly why: string;
}

const PROCESSES = 'with fewer the kubelet, sshd and systemd cannot start a process';
const FILES = 'with fewer every program of the node fails to open files';
const SOCKETS = 'with less memory no connection of the node, ssh among them, gets through';
const NAMESPACES = 'with fewer no container starts';

const CONNECTIONS = 'with fewer the kernel drops new connections of the node, ssh among them';
const SOLICITED = 'with 0 the node asks for no neighbour and reaches none';
const HOPS = 'with fewer no packet of the node leaves its own network';
const DATA = 'with less no data of a connection, ssh among them, gets through';
const PACKETS = 'with 0 the kernel takes no packet out of its queues';

/** By name with dots; "*" stands for a network interface. */
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
  'vm.overcommit_kbytes': {
    digits: 6,
    zero: true,
    why: 'with less vm.overcommit_memory=2 leaves no memory to start a program with',
  },
  'kernel.keys.root_maxbytes': { digits: 4, why: NAMESPACES },
  'fs.inotify.max_user_watches': { digits: 4, why: 'with fewer systemd and the kubelet cannot watch files' },
  'net.ipv4.ip_default_ttl': { digits: 2, why: HOPS },
  'net.ipv6.conf.*.hop_limit': { digits: 2, why: HOPS },
  'net.ipv4.neigh.*.mcast_solicit': { digits: 1, why: SOLICITED },
  'net.ipv6.neigh.*.mcast_solicit': { digits: 1, why: SOLICITED },
  'net.netfilter.nf_conntrack_max': { digits: 4, zero: true, why: CONNECTIONS },
  'net.ipv4.tcp_rmem': { digits: 4, later: 5, why: DATA },
  'net.ipv4.tcp_notsent_lowat': { digits: 1, why: DATA },
  'net.core.optmem_max': { digits: 4, why: 'with less programs of the node cannot hand files to one another' },
  'net.core.dev_weight': { digits: 1, why: PACKETS },
  'net.core.dev_weight_rx_bias': { digits: 1, why: PACKETS },
  'net.core.dev_weight_tx_bias': { digits: 1, why: PACKETS },
  'net.ipv6.route.max_size': { digits: 3, why: 'with fewer no IPv6 route of the node can be used' },
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

/** Names that a floor holds for, as a pattern for names with dots or slashes: those that are equal to the kernel too. */
export function floorNames(name: string): string {
  const names = namesOfSysctl(name).map((one) => one.replaceAll('.', '[./]').replace('*', '.+'));
  return `^(${names.join('|')})$`;
}

/** Texts that a floor lets pass: numbers in decimal, each with digits enough. */
export function floorPattern({ digits, later = digits, zero }: Floor): string {
  const number = (least: number) => `0*[1-9][0-9]{${least - 1},}`;
  const vector = `${number(digits)}([ \\t]+${number(later)})*`;
  return `^[ \\t]*${zero === true ? `(0+|${vector})` : vector}[ \\t]*$`;
}

const floors = Object.entries(FLOORS).map(([name, floor]) => ({
  names: new RegExp(floorNames(name)),
  values: new RegExp(floorPattern(floor)),
  floor,
}));

/** Why the value would brick a node; `undefined` when it would not. A limit that is only raised never does. */
export function floorProblem(name: string, text: string, match: string): string | undefined {
  if (match === 'AtLeast' || match === 'Contains') return undefined;
  const broken = floors.find(({ names, values }) => names.test(name) && !values.test(text));
  if (broken === undefined) return undefined;
  const { digits, later = digits, why } = broken.floor;
  const least = `${10 ** (digits - 1)}${later === digits ? '' : `, and ${10 ** (later - 1)} for the numbers after the first,`}`;
  return `${quoted(text)} is too small for ${name}, at least ${least} is needed: ${why}`;
}
