/**
 * Reports to conditions. Pure: the same reports, previous conditions and time give the same result,
 * and `lastTransitionTime` moves only with `status` (eks-node-monitoring-agent#52 shows what happens
 * otherwise: every round resets the timers of what repairs nodes).
 */
import { type Condition, type ConditionType, type Reason, rfc3339 } from '../../api/status/conditions.ts';
import { liveWords, PARTS } from '../../api/parts/parts.ts';
import type { Change, Finding } from '../../areas/area.ts';
import type { Kernel } from '../../host/host.ts';
import { areaVerdict, unseenVerdict, type Verdict } from './area-condition.ts';
import type { SpecSnapshot } from './node-report.ts';
import type { PendingPlan } from './pending.ts';
import { isLater, whenText } from './waiting.ts';
import { MESSAGE_LIMIT, summaryOf } from './message.ts';
import type { AreaReport } from './report.ts';

const IMAGE_MESSAGE = 'This is a directory without a running kernel: what was written takes effect when it boots.';

/** What the conditions depend on besides the reports, and notes about the spec. */
export interface ConditionInput extends Pick<SpecSnapshot, 'refused' | 'absent' | 'ownedElsewhere' | 'ignored'> {
  readonly reports: readonly AreaReport[];
  readonly previous: readonly Condition[];
  readonly generation: number;
  readonly now: Date;
  readonly kernel: Kernel;
  /** What disturbs the node and waits. */
  readonly pending?: PendingPlan | undefined;
  /** What is being changed at this moment. */
  readonly applying?: readonly Change[];
}

/** All conditions, in the order of `CONDITION_TYPES`; an area that is not managed has none. */
export function conditionsFrom(input: ConditionInput): Condition[] {
  const { reports, refused, absent, ownedElsewhere, ignored } = input;
  const verdicts: [ConditionType, Verdict][] = [
    [
      'Ready',
      absentVerdict(reports, absent) ?? withIgnored(readyVerdict(reports, input.kernel, input.pending), ignored),
    ],
    ['Progressing', progressingVerdict(reports, input.applying ?? [], input.pending)],
    ['Degraded', degradedVerdict(reports, refused)],
    ['Drifted', driftedVerdict(reports)],
    ['Conflicting', conflictingVerdict(reports, ownedElsewhere)],
    ['RebootRequired', rebootVerdict(reports, input.kernel)],
    ...reports.flatMap((report): [ConditionType, Verdict][] => {
      const verdict = withApproval(areaVerdict(report), report, input.pending);
      return verdict === undefined ? [] : [[PARTS[report.area].condition.type, verdict]];
    }),
  ];
  return verdicts.map(([type, verdict]) => {
    const before = input.previous.find((condition) => condition.type === type);
    return {
      type,
      status: verdict.status,
      reason: verdict.reason,
      message: verdict.message.slice(0, MESSAGE_LIMIT),
      lastTransitionTime: before?.status === verdict.status ? before.lastTransitionTime : rfc3339(input.now),
      observedGeneration: input.generation,
    };
  });
}

function readyVerdict(reports: readonly AreaReport[], kernel: Kernel, pending: PendingPlan | undefined): Verdict {
  const required = reports.flatMap((report) =>
    report.entries.filter((entry) => entry.required && entry.state !== 'InSync').map((entry) => ({ ...entry, report })),
  );
  const errors = reports.flatMap((report) => (report.error === undefined ? [] : report.failures));
  const orphans = reports.filter((report) => !report.managed).flatMap((report) => report.failures);
  const failed = required.filter((entry) => entry.state === 'Failed' || entry.state === 'Blocked');
  if (errors.length + orphans.length + failed.length > 0) {
    const isBug = reports.some((report) => report.defects !== undefined);
    return no(isBug ? 'InternalError' : 'ApplyFailed', [
      ...errors,
      ...orphans,
      ...failed.map(({ name, message }) => asFinding(name, message)),
    ]);
  }
  const conflicting = required.filter((entry) => entry.state === 'Conflicting');
  if (conflicting.length > 0)
    return no(
      'Conflict',
      conflicting.map(({ name, message }) => asFinding(name, message)),
    );
  const drifted = required.filter((entry) => entry.state === 'Drifted');
  if (drifted.length > 0) {
    const auditing = drifted.every((entry) => entry.report.mode === 'Audit');
    return no(
      auditing ? 'Auditing' : 'DriftDetected',
      drifted.map(({ name, message }) => asFinding(name, message)),
    );
  }
  if (kernel === 'absent') return { status: 'False', reason: 'RebootRequired', message: IMAGE_MESSAGE };
  const approval = approvalVerdict(pending);
  if (approval !== undefined) return { status: 'False', ...approval };
  const later = reports.flatMap((report) => report.blocked).filter(isAwaited);
  if (later.length > 0) return no(later[0]?.reason ?? 'Pending', later);
  const waiting = reports.flatMap((report) => report.deferred).filter(isLater);
  if (waiting.length > 0) {
    return no(
      waiting.some(({ why }) => why === 'boot') ? 'RebootRequired' : 'Pending',
      waiting.map(({ change, why }) => asFinding(change.target, `${change.action} ${whenText(why)}`)),
    );
  }
  const paused = unseenVerdict(reports);
  if (paused !== undefined) return paused;
  const entries = reports.flatMap((report) => report.entries);
  const optional = entries.filter((entry) => entry.state !== 'InSync').length;
  const note = optional === 0 ? '' : `; ${optional} that are not required differ`;
  return {
    status: 'True',
    reason: 'AsExpected',
    message: `${entries.length - optional} of ${entries.length} entries are in sync${note}.`,
  };
}

/** What is held until it is approved; `undefined` when nothing is. */
function approvalVerdict(pending: PendingPlan | undefined): Pick<Verdict, 'reason' | 'message'> | undefined {
  const held = pending?.changes.filter(({ disruption }) => disruption !== 'Reboot') ?? [];
  if (pending === undefined || pending.isHeld !== true) return undefined;
  const what = summaryOf(held.map(({ target, action }) => ({ target, message: `${action} ${target}` })));
  const harm =
    pending.disruption === 'Restart' ? 'It restarts services of this node' : 'It disturbs the pods of this node';
  return {
    reason: 'AwaitingApproval',
    message: `Not done without approval: ${what}. ${harm}. ${approveText(pending)}`,
  };
}

/** The plan that an area waits for is named where the area is explained. */
function withApproval(
  verdict: Verdict | undefined,
  report: AreaReport,
  pending: PendingPlan | undefined,
): Verdict | undefined {
  const isHeld = report.deferred.some(({ why }) => why === 'approval');
  if (verdict === undefined || pending === undefined || !isHeld) return verdict;
  const message = `${verdict.message.replace(/\.?$/, '.')} ${approveText(pending)}`;
  return { ...verdict, message };
}

function approveText({ plan }: PendingPlan): string {
  return `Run "nodeprep approve" on the host, or set spec.approvedPlan to ${plan}.`;
}

/** Nothing is wrong with what only waits: not counted as blocked. */
function isAwaited(finding: Finding): boolean {
  return finding.waitsFor !== undefined && finding.required !== false;
}

/** Without a spec nothing is as declared; what cannot be taken back after a deletion is more urgent to say. */
function absentVerdict(reports: readonly AreaReport[], absent: string | undefined): Verdict | undefined {
  if (absent === undefined || reports.some((report) => report.failures.length > 0)) return undefined;
  return { status: 'Unknown', reason: 'NoSpec', message: absent };
}

function withIgnored(verdict: Verdict, ignored: readonly string[] | undefined): Verdict {
  if (ignored === undefined || ignored.length === 0) return verdict;
  const more = ignored.length > 5 ? ` and ${ignored.length - 5} more` : '';
  const note = `Ignored, because this release does not know it: ${ignored.slice(0, 5).join(', ')}${more}.`;
  return { ...verdict, message: `${verdict.message} ${note}` };
}

function progressingVerdict(
  reports: readonly AreaReport[],
  applying: readonly Change[],
  pending: PendingPlan | undefined,
): Verdict {
  if (applying.length > 0) {
    const changes = applying.map(({ target, scope, action }) => `${action} ${target} (${scope})`);
    return { status: 'True', reason: 'Applying', message: `Not done yet: ${changes.join(', ')}` };
  }
  const transient = reports
    .flatMap((report) => [...report.failures, ...report.blocked])
    .filter((finding) => finding.transient === true);
  const waiting = transient.filter((finding) => finding.reason === 'WaitingForModule');
  if (waiting.length > 0) return { status: 'True', reason: 'WaitingForModule', message: summaryOf(waiting) };
  if (transient.length > 0)
    return { status: 'True', reason: 'Applying', message: `Will be tried again: ${summaryOf(transient)}` };
  const approval = approvalVerdict(pending);
  if (approval !== undefined) return { status: 'True', ...approval };
  return { status: 'False', reason: 'Reconciled', message: 'Nothing is being changed.' };
}

function degradedVerdict(reports: readonly AreaReport[], refused: string | undefined): Verdict {
  const findings = reports
    .flatMap((report) => [...report.failures, ...report.blocked])
    .filter((finding) => finding.required !== false && finding.waitsFor === undefined);
  const first = findings[0];
  if (refused !== undefined) {
    const rest = first === undefined ? '' : ` Also: ${summaryOf(findings)}`;
    return {
      status: 'True',
      reason: 'SpecInvalid',
      message: `${refused}${rest}`,
    };
  }
  if (first === undefined) return { status: 'False', reason: 'AsExpected', message: 'Nothing failed.' };
  return { status: 'True', reason: first.reason, message: summaryOf(findings) };
}

function driftedVerdict(reports: readonly AreaReport[]): Verdict {
  const changes = reports.flatMap((report) => report.remaining.map((change) => ({ ...change, area: report.area })));
  const first = changes[0];
  if (first === undefined) {
    const match = 'Live and persistent state match the spec.';
    return unseenVerdict(reports) ?? { status: 'False', reason: 'InSync', message: match };
  }
  const live = changes.find((change) => change.scope === 'live');
  const own = live === undefined ? undefined : liveWords(live.area, live.action)?.drift;
  const reason: Reason = live === undefined ? 'PersistentDrift' : (own ?? 'LiveDrift');
  return {
    status: 'True',
    reason,
    message: summaryOf(changes.map((change) => asFinding(change.target, `${change.scope} ${change.action}`))),
  };
}

function conflictingVerdict(reports: readonly AreaReport[], ownedElsewhere: string | undefined): Verdict {
  const findings = reports.flatMap((report) => [...report.contested, ...report.conflicts]);
  const first = findings[0];
  if (ownedElsewhere !== undefined) {
    const rest = first === undefined ? '' : ` Also: ${summaryOf(findings)}`;
    return { status: 'True', reason: 'FieldOwnedElsewhere', message: `${ownedElsewhere}${rest}` };
  }
  if (first === undefined) {
    const message = 'No declared value is overridden.';
    return unseenVerdict(reports) ?? { status: 'False', reason: 'None', message };
  }
  return { status: 'True', reason: first.reason, message: summaryOf(findings) };
}

function rebootVerdict(reports: readonly AreaReport[], kernel: Kernel): Verdict {
  const deferred = reports.flatMap((report) => report.deferred).filter(({ why }) => why === 'boot');
  const first = deferred[0];
  if (first === undefined && kernel === 'absent') return { status: 'True', reason: 'NextBoot', message: IMAGE_MESSAGE };
  if (first === undefined)
    return unseenVerdict(reports) ?? { status: 'False', reason: 'NotRequired', message: 'No reboot is outstanding.' };
  const findings = deferred.map(({ change, why }) => asFinding(change.target, `${change.action} ${whenText(why)}`));
  return { status: 'True', reason: first.reason, message: summaryOf(findings) };
}

function no(reason: Reason, findings: readonly Pick<Finding, 'target' | 'message'>[]): Verdict {
  return { status: 'False', reason, message: summaryOf(findings) };
}

function asFinding(target: string, message: string | undefined): Pick<Finding, 'target' | 'message'> {
  return { target, message: message ?? '' };
}
