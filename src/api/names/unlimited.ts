/** Kernel parameters in which a small number means "no limit". Pure. */

/** Path below /proc/sys, and the number that stands for no limit. From the kernel's documentation and code. */
const UNLIMITED: readonly (readonly [RegExp, bigint])[] = [
  [/^net\/(?:netfilter\/)?nf_conntrack_max$/, 0n],
  [/^net\/ipv6\/conf\/[^/]+\/max_addresses$/, 0n],
  [/^net\/ipv6\/conf\/[^/]+\/router_solicitations$/, -1n],
  [/^net\/ipv4\/ipfrag_max_dist$/, 0n],
  [/^fs\/pipe-user-pages-(?:hard|soft)$/, 0n],
  [/^fs\/lease-break-time$/, 0n],
  [/^net\/sctp\/max_burst$/, 0n],
  [/^kernel\/core_pipe_limit$/, 0n],
  [/^kernel\/(?:oops_limit|warn_limit)$/, 0n],
  [/^kernel\/perf_cpu_time_max_percent$/, 0n],
  [/^kernel\/hung_task_timeout_secs$/, 0n],
  [/^kernel\/watchdog_thresh$/, 0n],
  [/^kernel\/hung_task_warnings$/, -1n],
  [/^kernel\/sched_rt_runtime_us$/, -1n],
];

/** More than any number of the kernel. */
const ENDLESS = 1n << 80n;

/** The number that means "no limit" to a parameter, by its path below /proc/sys; `undefined` when none does. */
export function unlimitedNumber(keyPath: string): bigint | undefined {
  return UNLIMITED.find(([pattern]) => pattern.test(keyPath))?.[1];
}

/** A number of a parameter for comparing: "no limit" is larger than every other. */
export function rankOf(unlimited: bigint | undefined, number: bigint): bigint {
  return unlimited !== undefined && number === unlimited ? ENDLESS : number;
}
