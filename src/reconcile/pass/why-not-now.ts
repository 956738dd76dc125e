/** Splits a plan into what is done now and what is not, each with the reason. Pure. */
import { type Area, type Finding, needsApproval, type Plan, type Step } from '../../areas/area.ts';
import type { Deferred, WhyNotNow } from '../report/report.ts';
import type { PassContext } from './context.ts';

/** The steps of a plan, sorted by whether they run now. */
export interface SortedSteps<S> {
  readonly ready: readonly S[];
  /** Chains with a step that is not ready. */
  readonly waiting: ReadonlySet<string | undefined>;
  /** Every change that is not made now. */
  readonly deferred: readonly Deferred[];
  /** The findings of what is held off. */
  readonly contested: readonly Finding[];
}

/** Sorts the steps of a plan. Asks `holdOff` once for each change that could be made. */
export function sortSteps<Desired, Observed, S extends Step>(
  area: Area<Desired, Observed, S>,
  plan: Plan<S>,
  context: PassContext,
): SortedSteps<S> {
  const ready: S[] = [];
  const deferred: Deferred[] = [];
  const contested: Finding[] = [];
  const held = heldChains(area, plan, context);
  for (const step of plan.steps) {
    const why = held.get(step.chain ?? step) ?? whyNotNow(step, context);
    if (why !== undefined) {
      for (const change of step.changes) deferred.push({ change, why, reason: reasonOf(step, why, context) });
      continue;
    }
    const fights = step.changes
      .map((change) => context.holdOff?.(area.name, change, area.rival(change.target)))
      .filter((finding) => finding !== undefined);
    if (fights.length === 0) ready.push(step);
    else {
      contested.push(...fights);
      for (const change of step.changes) deferred.push({ change, why: 'held off', reason: 'Contested' });
    }
  }
  const waiting = new Set(plan.steps.filter((step) => !ready.includes(step)).map(({ chain }) => chain));
  contested.push(...(context.onTrial?.(area.name) ?? []));
  return { ready, waiting, deferred, contested };
}

/**
 * Chains, or single steps, that are held as a whole before their first write: a file that is written for a restart
 * that does not come takes effect with the next restart for another reason.
 */
function heldChains<S extends Step>(
  area: Pick<Area<unknown, unknown, S>, 'name'>,
  plan: Plan<S>,
  context: PassContext,
): ReadonlyMap<string | Step, WhyNotNow> {
  const held = new Map<string | Step, WhyNotNow>();
  for (const [chain, steps] of Map.groupBy(plan.steps, (step): string | Step => step.chain ?? step)) {
    const whys = steps.map((step) => ({ step, why: whyNotNow(step, context) }));
    if (whys.some(({ why }) => why === 'drain')) held.set(chain, 'drain');
    else if (whys.some(({ step, why }) => needsApproval(step) && (why === undefined || why === 'boot gate'))) {
      const changes = steps.flatMap((step) => step.changes);
      if (context.mayDisturb?.(area.name, changes) !== true) held.set(chain, 'approval');
    }
  }
  return held;
}

function whyNotNow(step: Step, context: PassContext): WhyNotNow | undefined {
  if (step.changes.some((change) => change.disruption === 'Reboot')) return 'boot';
  if (context.host.kernel !== 'running' && step.changes.some((change) => change.scope === 'live')) return 'boot';
  if (step.policy === 'Report') return 'reported';
  if (step.waitsFor === 'drain') return 'drain';
  return context.isBootGate === true && step.waitsFor === 'boot gate' ? 'boot gate' : undefined;
}

function reasonOf(step: Step, why: WhyNotNow, { host }: PassContext): Deferred['reason'] {
  if (why === 'approval') return 'AwaitingApproval';
  if (why === 'boot' && !step.changes.some((change) => change.disruption === 'Reboot') && host.kernel !== 'running')
    return 'NextBoot';
  return step.reason ?? (why === 'boot' ? 'RebootRequired' : 'Pending');
}
