/** Which capability the kernel wants of a process that sets a parameter, apart from being root. */

const NEEDED: readonly (readonly [RegExp, Capability])[] = [
  [/^kernel\/yama\/ptrace_scope$/, 'CAP_SYS_PTRACE'],
  [/^vm\/mmap_min_addr$/, 'CAP_SYS_RAWIO'],
  [/^kernel\/(?:apparmor_\w+|unprivileged_userns_apparmor_policy)$/, 'CAP_MAC_ADMIN'],
  [
    /^kernel\/(?:dmesg_restrict|kptr_restrict|unprivileged_bpf_disabled|bpf_stats_enabled|numa_balancing|sched_schedstats|sched_energy_aware|task_delayacct|seccomp\/actions_logged)$|^net\/core\/bpf_jit_\w+$|^vm\/memfd_noexec$/,
    'CAP_SYS_ADMIN',
  ],
  [/^user\/max_\w+$/, 'CAP_SYS_RESOURCE'],
  [/^net\//, 'CAP_NET_ADMIN'],
];

/** Numbers of linux/capability.h. */
const BITS = {
  CAP_NET_ADMIN: 12n,
  CAP_SYS_RAWIO: 17n,
  CAP_SYS_PTRACE: 19n,
  CAP_SYS_ADMIN: 21n,
  CAP_SYS_RESOURCE: 24n,
  CAP_MAC_ADMIN: 33n,
} as const;

/** A capability by its name in capabilities(7). */
export type Capability = keyof typeof BITS;

/** Those that the units are not given, because hardly any node declares what needs them; each with its parameters. */
export const ON_DEMAND: Readonly<Partial<Record<Capability, string>>> = {
  CAP_SYS_PTRACE: 'kernel.yama.ptrace_scope',
  CAP_SYS_RAWIO: 'vm.mmap_min_addr',
  CAP_MAC_ADMIN: 'kernel.apparmor_* and kernel.unprivileged_userns_apparmor_policy',
};

/** The capability that setting a parameter takes; `undefined` when root needs none. */
export function capabilityFor(keyPath: string): Capability | undefined {
  return NEEDED.find(([pattern]) => pattern.test(keyPath))?.[1];
}

/** Whether a process has a capability, by its `/proc/PID/status`; `undefined` when that does not tell. */
export function hasCapability(status: string, capability: Capability): boolean | undefined {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return effective === undefined ? undefined : ((BigInt(`0x${effective}`) >> BITS[capability]) & 1n) === 1n;
}

/** How a person grants a capability that is missing, as a clause. */
export function howToGrant(capability: Capability): string {
  return `add "CapabilityBoundingSet=${capability}" below [Service] with "systemctl edit nodeprep.service nodeprep-bootstrap.service", or in a pod "${capability.slice('CAP_'.length)}" to securityContext.capabilities.add of the DaemonSet, and restart NodePrep`;
}
