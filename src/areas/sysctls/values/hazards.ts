/** Parameters whose live value is not put back when their entry is removed, each with the reason. */
import { rankOf, unlimitedNumber } from '../../../api/names/unlimited.ts';
import { parseNumbers } from './parse.ts';

const HAZARDS: readonly (readonly [RegExp, string])[] = [
  [
    /(?:^|\/)(?:[a-z_]*forwarding|ip_forward)$/,
    'switching forwarding off would cut pods, and on some nodes the node itself, off the network',
  ],
  [
    /^net\/ipv[46]\/conf\/[^/]+\/(?:disable_(?:ipv6|policy|xfrm)|accept_ra\w*|autoconf|addr_gen_mode|use_tempaddr|stable_secret|accept_local|accept_source_route|arp_\w+|drop_gratuitous_arp|proxy_arp\w*|proxy_ndp|ndisc_notify|route_localnet|src_valid_mark|promote_secondaries|ignore_routes_with_linkdown)$/,
    'addresses and routes in use depend on it, and the node, or its pods, could be cut off the network',
  ],
  [
    /^net\/ipv[46]\/neigh\/[^/]+\/gc_\w+$|^net\/ipv6\/route\/(?:max_size|gc_\w+)$/,
    'neighbours and routes in use could be forgotten, and the node would not reach them',
  ],
  [
    /^net\/ipv6\/conf\/[^/]+\/(?:mtu|keep_addr_on_down|seg6_enabled)$|^net\/ipv[46]\/ip_nonlocal_bind$|^net\/ipv4\/icmp_echo_ignore_all$/,
    'what keeps or finds the node in the network may depend on it, such as a virtual address or a health check',
  ],
  [/^net\/ipv4\/vs\//, 'kube-proxy in IPVS mode may depend on it, and with it every Service'],
  [/\/rp_filter$/, 'a stricter filter could drop the traffic of running pods, or of the connection you work over'],
  [/\/bridge-nf-call-[a-z0-9]+$/, 'running pods on bridges may depend on it'],
  [/(?:^|\/)nf_conntrack_[a-z0-9_]+$/, 'a smaller table or shorter timeouts would drop established connections'],
  [/(?:^|\/)[a-z_]*panic[a-z_]*$/, 'the node would react to faults in another way than its kubelet was started with'],
  [/(?:^|\/)[a-z_]*overcommit[a-z_]*$/, 'running processes may fail to get memory that they count on'],
  [
    /^kernel\/(?:kptr_restrict|dmesg_restrict|perf_event_paranoid|unprivileged_bpf_disabled|yama\/ptrace_scope|io_uring_disabled)$|^net\/core\/bpf_jit_harden$/,
    'the kernel allows some of its values only to be raised, and a running system must not become weaker unasked',
  ],
];

/** Limits that programs may use up by now. */
const LIMITS: readonly RegExp[] = [
  /^kernel\/(?:pid_max|threads-max|shm\w+|msg\w+|sem|sched_rt_runtime_us|keys\/(?:root_)?max\w+|pty\/max|ngroups_max)$/,
  /^fs\/(?:file-max|nr_open|aio-max-nr|mount-max|pipe-\w[\w-]*|inotify\/\w+|fanotify\/\w+|epoll\/\w+|mqueue\/\w+)$/,
  /^vm\/(?:max_map_count|nr_hugepages\w*|nr_overcommit_hugepages)$/,
  /^user\/max_\w+$/,
  /^net\/core\/(?:somaxconn|netdev_max_backlog|optmem_max|[rw]mem_\w+|bpf_jit_limit)$/,
  /^net\/(?:ipv4\/(?:tcp_max_\w+|(?:tcp|udp)_[rw]?mem(?:_min)?|ipfrag_\w+thresh|igmp_max_\w+)|ipv6\/ip6frag_\w+thresh|unix\/max_dgram_qlen)$/,
];

const IN_USE =
  'programs on the node may already use more than the lower limit; the higher one does no harm until the next reboot';

/** Ranges that sockets in use were bound by; in whatever direction they change, something loses its port. */
const PORTS = /^net\/ipv4\/ip_(?:local_port_range|local_reserved_ports|unprivileged_port_start)$/;

/**
 * Why putting back the original value `to` over `from` could harm a running node; `undefined` when it
 * may be done. Without values it says what is true of all of them.
 */
export function hazardOf(keyPath: string, from?: string, to?: string): string | undefined {
  const hazard = HAZARDS.find(([pattern]) => pattern.test(keyPath))?.[1];
  if (hazard !== undefined) return hazard;
  if (PORTS.test(keyPath)) return 'programs in use may depend on the ports that it gives';
  if (from === undefined || to === undefined || !LIMITS.some((pattern) => pattern.test(keyPath))) return undefined;
  return isLowered(keyPath, from, to) ? IN_USE : undefined;
}

function isLowered(keyPath: string, from: string, to: string): boolean {
  const unlimited = unlimitedNumber(keyPath);
  const [high, low] = [parseNumbers(from), parseNumbers(to)];
  if (high === undefined || low === undefined || high.length !== low.length) return true;
  return low.some((number, at) => rankOf(unlimited, number) < rankOf(unlimited, high[at] as bigint));
}

/** Whether a wrong value can cut the node or its pods off the network. */
export function cutsOff(keyPath: string): boolean {
  return keyPath.startsWith('net/') && hazardOf(keyPath) !== undefined;
}
