/** What an engine may disturb: approvals, hosts that are no nodes yet, and the sentinel of an approved reboot. */
import type { AreaName, NodePrepSpec } from '../../api/spec/nodeprep.ts';
import type { Change } from '../../areas/area.ts';
import type { Host } from '../../host/host.ts';
import { pendingFrom } from '../report/pending.ts';
import type { AreaReport } from '../report/report.ts';
import { createApprovals } from './approvals.ts';
import { hasNothingToDisturb } from './nothing-to-disturb.ts';
import { keepSentinel } from './reboot-sentinel.ts';
import { tolerant } from './tolerant.ts';

/** What disturbs a node, decided between the visits of a round. */
export interface Disturbance {
  /** Whether these changes may be made although they disturb. */
  readonly permits: (area: AreaName, changes: readonly Change[]) => boolean;
  /** Whether something that the reports show as held may run now. */
  readonly review: (reports: readonly AreaReport[], spec: NodePrepSpec) => Promise<boolean>;
  /** Takes the end of a round into account: what was approved and is done, and the sentinel. */
  readonly settle: (reports: readonly AreaReport[], spec: NodePrepSpec) => Promise<void>;
}

/** What it is decided from. */
export interface DisturbanceParts {
  readonly host: Host;
  readonly dryRun?: boolean;
  readonly nothingToDisturb?: () => Promise<boolean>;
  readonly onProblem?: (problem: string) => void;
}

/** For a dry run nothing is permitted and nothing recorded. */
export function createDisturbance({ host, dryRun, nothingToDisturb, onProblem }: DisturbanceParts): Disturbance {
  if (dryRun === true) return { permits: () => false, review: async () => false, settle: async () => undefined };
  const approvals = createApprovals(host);
  let isSentinelKept: boolean | undefined;
  const guarded = tolerant((problem) => onProblem?.(problem));
  const review = (reports: readonly AreaReport[], spec: NodePrepSpec) =>
    approvals.review({
      pending: pendingFrom(reports),
      reports,
      approvedPlan: spec.approvedPlan,
      nothingToDisturb: nothingToDisturb ?? (() => hasNothingToDisturb(host)),
    });
  return {
    permits: approvals.permits,
    review: (reports, spec) => guarded(() => review(reports, spec), false),
    settle: (reports, spec) =>
      guarded(async () => {
        await approvals.review({
          pending: undefined,
          reports,
          approvedPlan: spec.approvedPlan,
          nothingToDisturb: async () => false,
        });
        if (host.kernel !== 'running') return;
        const isWanted = spec.rebootSentinel === 'WhenApproved' && isRebootApproved(reports, approvals.permits);
        if (isWanted === isSentinelKept) return;
        await keepSentinel(host, isWanted);
        isSentinelKept = isWanted;
      }, undefined),
  };
}

function isRebootApproved(
  reports: readonly AreaReport[],
  permits: (area: AreaName, changes: readonly Change[]) => boolean,
): boolean {
  return reports.some(({ area, deferred }) => {
    const reboots = deferred.map(({ change }) => change).filter(({ disruption }) => disruption === 'Reboot');
    return reboots.length > 0 && permits(area, reboots);
  });
}
