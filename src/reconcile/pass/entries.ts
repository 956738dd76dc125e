/** Says of each declared entry how it stands, from what the plan and the pass found. Pure. */
import type { Reason } from '../../api/status/conditions.ts';
import type { AreaName } from '../../api/spec/nodeprep.ts';
import type { Change, EntryView, Finding } from '../../areas/area.ts';
import { isLater, whenText } from '../report/waiting.ts';
import type { AreaReport, Deferred, EntryReport, EntryState } from '../report/report.ts';

type Found = Pick<AreaReport, 'blocked' | 'conflicts' | 'contested' | 'failures' | 'remaining' | 'deferred'>;

/** Worst first: a failed entry is failed whatever else is true of it. */
export function entryReports(area: AreaName, views: readonly EntryView[], found: Found): EntryReport[] {
  // An entry named like its area (swap) stands for all of it: its changes name devices, units and files.
  const concerns = (target: string, view: EntryView) => target === view.name || view.name === area;
  const outstanding = [...found.remaining, ...found.deferred.map((one) => one.change)];
  const hasOther = (view: EntryView, { scope }: Change) =>
    outstanding.some((change) => change.scope !== scope && concerns(change.target, view));
  return views.map((view) => {
    const of = <T extends { target: string }>(list: readonly T[]) => list.find((one) => concerns(one.target, view));
    const failed = of(found.failures);
    if (failed !== undefined) return withFinding(view, 'Failed', failed);
    const blocked = of(found.blocked);
    if (blocked !== undefined)
      return withFinding(view, blocked.waitsFor === undefined ? 'Blocked' : 'Pending', blocked);
    const conflict = of(found.contested) ?? of(found.conflicts);
    if (conflict !== undefined) return withFinding(view, 'Conflicting', conflict);
    const change = of(found.remaining);
    if (change !== undefined) {
      // The half that the reason does not name may be the worse one.
      const halves = hasOther(view, change) ? ({ halves: 'both' } as const) : {};
      return { ...withChange(view, 'Drifted', driftReason(change), change), ...halves };
    }
    const later = found.deferred.find((one) => isLater(one) && concerns(one.change.target, view));
    if (later !== undefined) return withChange(view, 'Pending', later.reason, later.change, later.why);
    return { ...view, state: 'InSync' };
  });
}

function withFinding(view: EntryView, state: EntryState, finding: Finding): EntryReport {
  const required = view.required && finding.required !== false;
  return { ...view, required, state, reason: finding.reason, message: finding.message };
}

function withChange(
  view: EntryView,
  state: EntryState,
  reason: Reason,
  change: Change,
  why?: Deferred['why'],
): EntryReport {
  const place = change.scope === 'live' ? 'on the running system' : 'in what the next boot reads';
  const is = change.from === undefined ? 'missing' : `is "${change.from}"`;
  const wanted = change.to === undefined ? 'must go' : `must be "${change.to}"`;
  const next = why === undefined ? '' : `; changed ${whenText(why)}`;
  // In clauses, so that several entries whose values alone differ can be told as one.
  return { ...view, state, reason, message: `${change.target} is not as declared ${place}; ${is}, ${wanted}${next}` };
}

function driftReason(change: Change): Reason {
  return change.scope === 'live' ? 'LiveDrift' : 'PersistentDrift';
}
