/**
 * One pass over one area: observe, plan, apply, observe and plan again, report. Everything that is
 * the same for all areas is here and in the files beside: modes, the ledger, chains, why a step does
 * not run now, and the rule that one bad entry does not stop the others.
 */
import type { AreaName, NodePrepSpec } from '../../api/spec/nodeprep.ts';
import type { Area, Check, Explanation, Plan, Step } from '../../areas/area.ts';
import type { Surroundings } from '../../areas/surroundings.ts';
import type { Hint, HostReader } from '../../host/host.ts';
import { applyPlan, nothingMade } from './apply-plan.ts';
import { isRecorded } from './apply-steps.ts';
import type { Made } from './apply-steps.ts';
import { entryReports } from './entries.ts';
import type { PassContext } from './context.ts';
import { draftSteps } from './draft-steps.ts';
import { errorFrom, findingFrom, isDefect } from './failure.ts';
import { createPlanner, type Planner } from './planner.ts';
import { type AreaReport, emptyReport } from '../report/report.ts';
import { isLater } from '../report/waiting.ts';
import { sortSteps, type SortedSteps } from './why-not-now.ts';

/** What an area shows of the host without changing it, for `explain` and `verify`. */
export interface Inspection {
  readonly explain: (entry: string) => Explanation | undefined;
  readonly verify: () => readonly Check[];
}

/** An area with its own types sealed in, so that all areas fit in one list. */
export interface ManagedArea extends Surroundings {
  readonly name: AreaName;
  /** Never throws unless aborted: what goes wrong is in the report. */
  readonly reconcile: (spec: NodePrepSpec, context: PassContext) => Promise<AreaReport>;
  readonly inspect: (spec: NodePrepSpec, host: HostReader, signal: AbortSignal) => Promise<Inspection>;
  readonly hints: (spec: NodePrepSpec) => readonly Hint[];
}

/** Seals an area for the engine. */
export function manage<Desired, Observed, S extends Step>(area: Area<Desired, Observed, S>): ManagedArea {
  const planner = createPlanner(area);
  const quiet: QuietReports<S> = new WeakMap();
  const { writesIn, rights, gauges, commands, facts, topics, namesLike } = area;
  return {
    name: area.name,
    writesIn,
    rights,
    ...(gauges === undefined ? {} : { gauges }),
    ...(commands === undefined ? {} : { commands }),
    ...(facts === undefined ? {} : { facts }),
    ...(topics === undefined ? {} : { topics }),
    ...(namesLike === undefined ? {} : { namesLike }),
    hints: (spec) => area.hints(area.desired(spec)),
    inspect: async (spec, host, signal) => {
      const desired = area.desired(spec);
      const observed = await area.observe(host, desired, signal);
      return {
        explain: (entry) => area.explain(entry, desired, observed),
        verify: () => area.verify(desired, observed),
      };
    },
    reconcile: (spec, context) => reconcileArea(area, { planner, quiet }, spec, context),
  };
}

/** What a pass over an area keeps for the next one: how it plans, and the reports of plans without a step. */
interface Kept<S extends Step> {
  readonly planner: Planner<S>;
  readonly quiet: QuietReports<S>;
}

type QuietReports<S extends Step> = WeakMap<Plan<S>, AreaReport>;

async function reconcileArea<Desired, Observed, S extends Step>(
  area: Area<Desired, Observed, S>,
  { planner, quiet }: Kept<S>,
  spec: NodePrepSpec,
  context: PassContext,
): Promise<AreaReport> {
  const started = context.clock();
  const mode = spec.areaModes[area.name] ?? spec.mode;
  const report = (parts: Partial<AreaReport>): AreaReport => ({
    ...emptyReport(area.name, mode, spec[area.name] !== undefined),
    ...parts,
    seconds: (context.clock() - started) / 1000,
  });
  if (mode === 'Paused') return report({});
  let before: Plan<S> | undefined;
  let isSeen = false;
  const made = nothingMade<S>();
  try {
    before = await planner(spec, context);
    isSeen = true;
    // Nothing has changed since a pass that found nothing to do: there is nothing new to say either.
    const known = quiet.get(before);
    if (known !== undefined && (context.onTrial?.(area.name) ?? []).length === 0) return known;
    const sorted = sortSteps(area, before, context);
    const isLooking = mode === 'Audit' || context.dryRun === true;
    if (isLooking || (sorted.ready.length === 0 && isRecorded(area.name, before, context))) {
      if (context.draft !== undefined) await draftSteps(area, before.steps, context.draft, context.signal);
      const found = report(outcome(area.name, before, before, made, sorted));
      if (before.steps.length === 0 && found.contested.length === 0) quiet.set(before, found);
      return found;
    }
    const planned = before;
    if (sorted.ready.length > 0)
      context.onPlan?.(area.name, () => report(outcome(area.name, planned, planned, made, sorted)));
    const look = async () => {
      isSeen = false;
      const seen = await planner(spec, context);
      isSeen = true;
      return seen;
    };
    const after = await applyPlan(area, { plan: before, sorted }, context, made, look);
    return report(outcome(area.name, before, after, made, sortSteps(area, after, context)));
  } catch (thrown) {
    context.signal.throwIfAborted();
    const error = errorFrom(thrown);
    const failures = [...made.failures, findingFrom(thrown, area.name)];
    const defects = [...made.defects, ...(isDefect(thrown) ? [error] : [])];
    const drift = before?.steps.flatMap((step) => step.changes) ?? [];
    const found = { blocked: [], conflicts: [], contested: [], deferred: [], failures, remaining: drift };
    const entries = entryReports(area.name, before?.entries ?? [], found);
    return report({
      entries,
      drift,
      applied: made.applied,
      remaining: drift,
      failures,
      error,
      ...(isSeen ? {} : { isUnseen: true }),
      ...(defects.length === 0 ? {} : { defects }),
    });
  }
}

function outcome<S extends Step>(
  area: AreaName,
  before: Plan<S>,
  after: Plan<S>,
  { applied, failures, defects }: Made<S>,
  sorted: SortedSteps<S>,
): Partial<AreaReport> {
  const { deferred, contested } = sorted;
  const later = new Set(deferred.filter(isLater).map((one) => one.change));
  const remaining = after.steps.flatMap((step) => step.changes).filter((change) => !later.has(change));
  const findings = { blocked: after.blocked, conflicts: after.conflicts, contested, failures };
  return {
    entries: entryReports(area, after.entries, { ...findings, remaining, deferred }),
    drift: before.steps.flatMap((step) => step.changes),
    applied,
    remaining,
    deferred,
    ...findings,
    ...(defects.length === 0 ? {} : { defects }),
    // What was left on purpose is known before the ledger forgets it.
    left: before.left,
  };
}
