/**
 * The closed vocabulary of conditions and reasons (semantics of the API); the reference in
 * docs/reference/conditions.md is generated from here.
 */
import { AREA_NAMES, type AreaConditionType, type AreaReason, PARTS } from '../parts/parts.ts';

const GENERAL_CONDITIONS = {
  Ready: 'Everything that is required is in place, and no reboot is outstanding.',
  Progressing: 'A change is being applied or verified, or NodePrep waits for something.',
  Degraded: 'Something failed and needs a person or a retry.',
  Drifted: 'Live or persistent state differs from the spec now.',
  Conflicting: 'Another file or program overrides a declared value, or keeps changing it back.',
  RebootRequired: 'Some changes take effect only at the next reboot.',
} as const;
export type ConditionType = keyof typeof GENERAL_CONDITIONS | AreaConditionType;

/** Every condition type with what it says when it is True, in the order in which tables show them. */
export const CONDITIONS = {
  ...GENERAL_CONDITIONS,
  ...Object.fromEntries(AREA_NAMES.map((name) => [PARTS[name].condition.type, PARTS[name].condition.meaning])),
} as Readonly<Record<ConditionType, string>>;

/** Condition types in the order in which tables show them. */
export const CONDITION_TYPES = Object.keys(CONDITIONS) as readonly ConditionType[];

const GENERAL_REASONS = {
  AsExpected: 'Everything is as declared.',
  Bootstrapping: 'The first complete round has not ended yet.',
  DriftDetected: 'The host differs from the spec.',
  ApplyFailed: 'A change could not be made; the message has the error of the host.',
  InternalError: 'NodePrep itself has a bug; its log has the stack. Other areas are kept as declared.',
  RebootRequired: 'Everything is in place for the next reboot; the running kernel still differs.',
  Conflict: 'Another file or program overrides a declared value.',
  Paused: 'The spec asks to touch nothing.',
  Auditing: 'The spec asks to report only, and the host differs.',
  AwaitingApproval: 'Changes that disturb the node are held until exactly this plan is approved.',
  AwaitingConfirmation: 'A change is on trial: it stays once it is confirmed, and is undone otherwise.',
  Applying: 'Changes are being made or verified.',
  Reconciled: 'The last pass left nothing to do.',
  PermissionDenied: 'The host or its kernel does not permit the change.',
  HostUnsupported: 'The host lacks a command or a kernel facility that the change needs.',
  NoSpec: 'Nothing is declared for this node: its NodePrep was deleted, or never existed.',
  SpecInvalid:
    'The newest spec was refused, or the limits of the host cannot be read; the message says what is in force.',
  LiveDrift: 'A live value differs from the spec.',
  PersistentDrift: 'A file that takes effect at the next reboot differs from the spec.',
  InSync: 'Live and persistent state match the spec.',
  FieldOwnedElsewhere: 'The local spec file declares what another field manager of the NodePrep owns; its value stays.',
  Contested: 'Another program keeps changing the value back; corrections are held off.',
  None: 'No declared value is overridden.',
  NextBoot: 'Live changes were not made here; they take effect when this system boots.',
  DrainRequired: 'The change disturbs running pods; it waits until they are gone, or for a reboot.',
  NotRequired: 'No reboot is outstanding.',
  Pending: 'Changes are planned and wait for a reboot or an approval.',
  Drifted: 'The area differs from the spec.',
  Failed: 'A change of the area failed.',
  Unsupported: 'The host cannot provide what the area declares.',
} as const;
export type Reason = keyof typeof GENERAL_REASONS | AreaReason;

/** Every reason with its meaning in one sentence. */
export const REASONS = {
  ...GENERAL_REASONS,
  ...Object.assign({}, ...AREA_NAMES.map((name) => PARTS[name].reasons)),
} as Readonly<Record<Reason, string>>;

/** A condition as the Kubernetes API conventions define it. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}

/** A time as Kubernetes writes it, without fractions of a second. */
export function rfc3339(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
