/**
 * One pass over one area: observe, plan, apply, observe and plan again, report. Everything that is
 * the same for all areas is here and in the files beside: modes, the ledger, chains, why a step does
 * not run now, and the rule that one bad entry does not stop the others.
 */
import type { AreaName, NodePrepSpec } from '../../api/spec/nodeprep.ts';
import type { Area, Check, Explanation, Plan, Step } from '../../areas/area.ts';
import type { Surroundings } from '../../areas/surroundings.ts';
import type { Hint, HostReader } from '../../host/host.ts';
import { unchanged } from '../../host/unchanged.ts';
import { applyPlan, nothingMade } from './apply-plan.ts';
import { isRecorded, type Made } from './apply-steps.ts';
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
  const quiet = unchanged((_plan: Plan<S>, make: () => AreaReport) => make(), isSamePlan);
  return {
    // What else it declares about itself, whatever that is.
    ...area,
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

/** What outlasts a pass: how the area is planned, and the report of a plan that has nothing to do. */
interface Lasting<S extends Step> {
  readonly planner: Planner<S>;
  readonly quiet: (plan: Plan<S>, make: () => AreaReport) => AreaReport;
}

function isSamePlan([now]: readonly [unknown, unknown], [before]: readonly [unknown, unknown]): boolean {
  return now === before;
}

async function reconcileArea<Desired, Observed, S extends Step>(
  area: Area<Desired, Observed, S>,
  { planner, quiet }: Lasting<S>,
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
    const planned = await planner(spec, context);
    before = planned;
    isSeen = true;
    const sorted = sortSteps(area, planned, context);
    const found = () => report(outcome(area.name, planned, planned, made, sorted));
    const isLooking = mode === 'Audit' || context.dryRun === true;
    if (isLooking || (sorted.ready.length === 0 && isRecorded(area.name, planned, context))) {
      if (context.draft !== undefined) await draftSteps(area, planned.steps, context.draft, context.signal);
      return planned.steps.length + sorted.contested.length === 0 ? quiet(planned, found) : found();
    }
    if (sorted.ready.length > 0) context.onPlan?.(area.name, found);
    const look = async () => {
      isSeen = false;
      const seen = await planner(spec, context);
      isSeen = true;
      return seen;
    };
    const after = await applyPlan(area, { plan: planned, sorted }, context, made, look);
    return report(outcome(area.name, planned, after, made, sortSteps(area, after, context)));
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
