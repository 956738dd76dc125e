/**
 * Applies a plan, and once more what the host refused or lost again while the rest was applied: the kernel takes
 * some values in one order only (a range inside of another one), and some writes reset others. Which they are
 * differs between kernels, so no table says it: what is left over is tried as long as each go leaves less.
 */
import type { Area, Change, Plan, Step } from '../../areas/area.ts';
import { applySteps, failed, isPersistent, type Made, recordPlan } from './apply-steps.ts';
import type { PassContext } from './context.ts';
import { sortSteps, type SortedSteps } from './why-not-now.ts';

/** Nothing done yet. */
export function nothingMade<S>(): Made<S> {
  return { applied: [], failures: [], defects: [], refused: [], undone: [] };
}

/**
 * Applies the ready steps of a plan and returns the plan for what is left, which `look` makes. What was done is added
 * to `made` at once, so that it is known also when looking again throws.
 */
export async function applyPlan<Desired, Observed, S extends Step>(
  area: Area<Desired, Observed, S>,
  first: { readonly plan: Plan<S>; readonly sorted: SortedSteps<S> },
  context: PassContext,
  made: Made<S>,
  look: () => Promise<Plan<S>>,
): Promise<Plan<S>> {
  let plan = first.plan;
  let go: Pick<SortedSteps<S>, 'ready' | 'waiting'> = first.sorted;
  const givenUp = new Set<string>();
  for (;;) {
    const { ready } = go;
    const result = await applySteps(area, go, context);
    made.applied.push(...result.applied);
    made.failures.push(...result.failures);
    made.defects.push(...result.defects);
    const outstanding = [...result.undone, ...plan.steps.filter((step) => !ready.includes(step))];
    if (!outstanding.some(isPersistent)) made.failures.push(...(await recordPlan(area.name, plan, context)));
    plan = await look();
    const isRefused = (step: S) => result.refused.some((one) => one.step === step);
    for (const step of result.undone) if (!isRefused(step)) for (const key of keysOf(step)) givenUp.add(key);
    const left = sortSteps(area, plan, context);
    const again = left.ready.filter((step) => !keysOf(step).some((key) => givenUp.has(key)));
    const isWorthIt =
      result.applied.length > 0 && again.length < ready.length && again.some((step) => isTried(step, result));
    if (!isWorthIt) {
      for (const { step, error } of result.refused) made.failures.push(...failed(area.name, step, error, context));
      return plan;
    }
    go = { ready: again, waiting: new Set([...left.waiting, ...givenUp]) };
  }
}

/** What a step has in common with the steps that must not run without it, and with itself in a later plan. */
function keysOf({ chain, changes }: Step): string[] {
  return [...changes.map(keyOf), ...(chain === undefined ? [] : [chain])];
}

function keyOf({ scope, target }: Change): string {
  return `${scope} ${target}`;
}

/** Whether the step was refused just now, or made in vain. */
function isTried<S extends Step>({ changes }: S, { applied, refused }: Made<S>): boolean {
  const tried = new Set([...applied, ...refused.flatMap(({ step }) => step.changes)].map(keyOf));
  return changes.some((change) => tried.has(keyOf(change)));
}
