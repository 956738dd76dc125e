/**
 * The closed vocabulary of conditions and reasons (semantics of the API); the reference in
 * docs/reference/conditions.md is generated from here.
 */

/** Condition types in the order in which tables show them. */
export const CONDITION_TYPES = [
  'Ready',
  'Progressing',
  'Degraded',
  'Drifted',
  'Conflicting',
  'RebootRequired',
  'ModulesReady',
  'SysctlsReady',
  'SwapReady',
] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

/** Every reason with its meaning in one sentence. */
export const REASONS = {
  AsExpected: 'Everything is as declared.',
  NotManaged: 'The spec does not declare this area.',
  Bootstrapping: 'The first complete pass has not ended yet.',
  DriftDetected: 'The host differs from the spec.',
  ApplyFailed: 'A change could not be made; the message has the error of the host.',
  RebootRequired: 'Everything is in place for the next boot; the running kernel still differs.',
  Conflict: 'Another file or program overrides a declared value.',
  Paused: 'The spec asks to touch nothing.',
  Auditing: 'The spec asks to report only, and the host differs.',
  Applying: 'Changes are being made or verified.',
  WaitingForModule: 'The kernel parameter appears only with a kernel module that is not loaded.',
  Reconciled: 'The last pass left nothing to do.',
  SysctlRejected: 'The kernel refused the value, or changed only a part of it.',
  SysctlUnsupported: 'The running kernel has no such parameter.',
  SysctlDenied: 'The parameter is a trigger or an escape hatch that NodePrep never touches.',
  ModuleNotFound: 'No such module exists for the running kernel, and it is not built in.',
  ModuleBlocked: 'The module exists but may not be loaded: blacklisted, or refused by the kernel.',
  SwapoffUnsafe: 'Emptying swap needs more memory than the machine, or a control group, has available.',
  SwapIncoherent: 'Swap, cgroup version and kubelet configuration do not fit together.',
  PermissionDenied: 'The host or its kernel does not permit the change.',
  HostUnsupported: 'The host lacks a command or a kernel facility that the change needs.',
  NoSpec: 'Nobody declares anything for this node: its NodePrep was deleted, or there never was one.',
  SpecInvalid:
    'The newest spec was refused, or the limits of the host cannot be read; the message says what is in force.',
  LiveDrift: 'A live value differs from the spec.',
  PersistentDrift: 'A file that takes effect at the next boot differs from the spec.',
  SwapReenabled: 'Swap is active again.',
  InSync: 'Live and persistent state match the spec.',
  FieldOwnedElsewhere: 'The local spec file declares what another field manager of the NodePrep owns; its value stays.',
  OverriddenBySysctlD: 'A later file of the sysctl.d chain sets another value at boot.',
  Contested: 'Another program keeps changing the value back; corrections are held off.',
  None: 'Nobody overrides a declared value.',
  ModuleParameters: 'A module is loaded with other parameters, which only change when it is loaded again.',
  NextBoot: 'Live changes were not made here; they take effect when this system boots.',
  DrainRequired: 'The change disturbs running pods; it waits until they are gone, or for a reboot.',
  NotRequired: 'No boot is outstanding.',
  Pending: 'Changes are planned but wait for a boot or an approval.',
  Drifted: 'The area differs from the spec.',
  Failed: 'A change of the area failed.',
  Unsupported: 'The host cannot provide what the area declares.',
} as const;
export type Reason = keyof typeof REASONS;

/** A condition as the Kubernetes API conventions define it. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}
