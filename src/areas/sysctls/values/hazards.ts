/** Parameters whose live value is not put back when their entry is removed, each with the reason. */

const HAZARDS: readonly (readonly [RegExp, string])[] = [
  [
    /(?:^|\/)(?:[a-z_]*forwarding|ip_forward)$/,
    'switching forwarding off would cut pods, and on some nodes the node itself, off the network',
  ],
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

/** Why putting the original back could harm a running node; `undefined` when it may be done. */
export function hazardOf(keyPath: string): string | undefined {
  return HAZARDS.find(([pattern]) => pattern.test(keyPath))?.[1];
}
