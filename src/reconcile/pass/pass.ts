/**
 * One pass over one area: observe, plan, apply, observe and plan again, report. Everything that is
 * the same for all areas is here: modes, the ledger, chains, what must wait for a boot, and the
 * rule that one bad entry does not stop the others.
 */
import type { AreaName, Mode, NodePrepSpec } from '../../api/spec/nodeprep.ts';
import type { Area, Change, Check, Explanation, Finding, Plan, Step } from '../../areas/area.ts';
import type { Surroundings } from '../../areas/surroundings.ts';
import type { Hint, Host, HostReader } from '../../host/host.ts';
import { entryReports } from './entries.ts';
import { errorFrom, findingFrom, isDefect } from './failure.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createPlanner, type Planner } from './planner.ts';
import type { AreaReport } from '../report/report.ts';

/** Told as it happens, for progress lines and logs. */
export type StepEvent =
  | { readonly type: 'applying'; readonly area: AreaName; readonly changes: readonly Change[] }
  | { readonly type: 'applied'; readonly area: AreaName; readonly changes: readonly Change[] }
  | {
      readonly type: 'failed';
      readonly area: AreaName;
      readonly changes: readonly Change[];
      readonly finding: Finding;
    };

/** What a pass works with. */
export interface PassContext {
  readonly host: Host;
  readonly ledger: Ledger;
  readonly signal: AbortSignal;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Stops after the plan, whatever the mode of the spec. */
  readonly dryRun?: boolean;
  /** Why a change is held off now because somebody keeps undoing it; `undefined` lets it through. */
  readonly holdOff?: (area: AreaName, change: Change, rival: string | undefined) => Finding | undefined;
  readonly onStep?: (event: StepEvent) => void;
  /** Told before anything of an area is changed: how it stands until the changes are made. */
  readonly onPlan?: (report: () => AreaReport) => void;
}

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
  const { writesIn, rights, gauges, commands, facts } = area;
  return {
    name: area.name,
    writesIn,
    rights,
    ...(gauges === undefined ? {} : { gauges }),
    ...(commands === undefined ? {} : { commands }),
    ...(facts === undefined ? {} : { facts }),
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
  let made: Made<S> = { applied: [], failures: [], defects: [], undone: [] };
  try {
    before = await planner(spec, context);
    isSeen = true;
    // Nothing has changed since a pass that found nothing to do: there is nothing new to say either.
    const known = quiet.get(before);
    if (known !== undefined) return known;
    const sorted = sortSteps(area, before, context);
    const isLooking = mode === 'Audit' || context.dryRun === true;
    const spent = isLooking ? [] : (before.spent ?? []);
    if (isLooking || sorted.ready.length + spent.length === 0) {
      const found = report(outcome(area.name, before, before, made, sorted));
      if (before.steps.length === 0) quiet.set(before, found);
      return found;
    }
    const planned = before;
    if (sorted.ready.length > 0) context.onPlan?.(() => report(outcome(area.name, planned, planned, made, sorted)));
    made = await applySteps(area, sorted, context);
    const outstanding = [...made.undone, ...before.steps.filter((step) => !sorted.ready.includes(step))];
    if (!outstanding.some(isPersistent)) made.failures.push(...(await forgetSpent(area.name, spent, context)));
    isSeen = false;
    const after = await planner(spec, context);
    isSeen = true;
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

/** What the steps of a plan came to. */
interface Made<S> {
  readonly applied: Change[];
  readonly failures: Finding[];
  readonly defects: Error[];
  /** Steps that failed or were left out. */
  readonly undone: readonly S[];
}

interface SortedSteps<S> {
  readonly ready: readonly S[];
  /** Chains with a step that is not ready. */
  readonly waiting: ReadonlySet<string | undefined>;
  readonly deferred: AreaReport['deferred'];
  readonly contested: readonly Finding[];
}

/** Splits a plan into what may be done now, what waits for a boot and what is held off. */
function sortSteps<Desired, Observed, S extends Step>(
  area: Area<Desired, Observed, S>,
  plan: Plan<S>,
  context: PassContext,
): SortedSteps<S> {
  const ready: S[] = [];
  const deferred: { change: Change; reason: AreaReport['deferred'][number]['reason'] }[] = [];
  const contested: Finding[] = [];
  for (const step of plan.steps) {
    if (needsBoot(step)) {
      for (const change of step.changes) deferred.push({ change, reason: step.reason ?? 'RebootRequired' });
      continue;
    }
    if (context.host.kernel !== 'running' && step.changes.some((change) => change.scope === 'live')) {
      for (const change of step.changes) deferred.push({ change, reason: 'NextBoot' });
      continue;
    }
    if (step.policy === 'Report') continue;
    const held = step.changes
      .map((change) => context.holdOff?.(area.name, change, area.rival(change.target)))
      .filter((finding) => finding !== undefined);
    if (held.length > 0) contested.push(...held);
    else ready.push(step);
  }
  const waiting = new Set(plan.steps.filter((step) => !ready.includes(step)).map(({ chain }) => chain));
  return { ready, waiting, deferred, contested };
}

/** Drain and Reboot are never done unasked: NodePrep reports them and waits. */
function needsBoot(step: Step): boolean {
  return step.changes.some((change) => change.disruption === 'Reboot' || change.disruption === 'Drain');
}

async function applySteps<Desired, Observed, S extends Step>(
  area: Area<Desired, Observed, S>,
  { ready: steps, waiting }: SortedSteps<S>,
  context: PassContext,
): Promise<Made<S>> {
  // One synced write for the whole area: when the first step starts, every original is on disk.
  await context.ledger.remember(
    area.name,
    steps.flatMap((step) => step.memos ?? []),
  );
  const applied: Change[] = [];
  const failures: Finding[] = [];
  const defects: Error[] = [];
  const undone = new Set(steps);
  const broken = new Set<string>();
  for (const step of steps) {
    context.signal.throwIfAborted();
    if (step.chain !== undefined && broken.has(step.chain)) continue;
    if (step.needs !== undefined && (broken.has(step.needs) || waiting.has(step.needs))) continue;
    try {
      context.onStep?.({ type: 'applying', area: area.name, changes: step.changes });
      const made = (await area.apply(context.host, step, context.signal)) ?? step.changes;
      applied.push(...made);
      undone.delete(step);
      if (step.forgets !== undefined) await context.ledger.forget(area.name, step.forgets);
      context.onStep?.({ type: 'applied', area: area.name, changes: made });
    } catch (thrown) {
      context.signal.throwIfAborted();
      if (step.chain !== undefined) broken.add(step.chain);
      if (isDefect(thrown)) defects.push(errorFrom(thrown));
      const finding = findingFrom(thrown, step.changes[0].target);
      for (const change of step.changes) failures.push({ ...finding, target: change.target });
      context.onStep?.({ type: 'failed', area: area.name, changes: step.changes, finding });
    }
  }
  // Only times are outstanding here: a full disk must not make a failure of changes that were made.
  await context.ledger.settle().catch(() => undefined);
  return { applied, failures, defects, undone: [...undone] };
}

/** Until what the next boot reads is as declared, a crash may still need every record. */
function isPersistent(step: Step): boolean {
  return step.changes.some((change) => change.scope === 'persistent');
}

/** A record that cannot be dropped is tried again: a foreign file of that name would be taken for ours some day. */
async function forgetSpent(area: AreaName, keys: readonly string[], { ledger }: PassContext): Promise<Finding[]> {
  if (keys.length === 0) return [];
  try {
    await ledger.forget(area, keys);
    return [];
  } catch (thrown) {
    return [findingFrom(thrown, area)];
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
  const waiting = new Set(deferred.map((one) => one.change));
  const remaining = after.steps.flatMap((step) => step.changes).filter((change) => !waiting.has(change));
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

function emptyReport(area: AreaName, mode: Mode, managed: boolean): Omit<AreaReport, 'seconds'> {
  return {
    area,
    mode,
    managed,
    entries: [],
    drift: [],
    applied: [],
    remaining: [],
    deferred: [],
    blocked: [],
    conflicts: [],
    contested: [],
    failures: [],
    left: [],
  };
}
