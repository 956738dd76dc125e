/** Runs the steps of a plan in order, and forgets what the ledger is done with. */
import type { AreaName } from '../../api/spec/nodeprep.ts';
import { type Area, type Change, type Finding, type Plan, type Step, StepError } from '../../areas/area.ts';
import { isLeft } from '../ledger/ledger.ts';
import { errorFrom, findingFrom, isDefect } from './failure.ts';
import type { PassContext } from './context.ts';
import type { SortedSteps } from './why-not-now.ts';

/** What the steps of a plan came to. */
export interface Made<S> {
  readonly applied: Change[];
  readonly failures: Finding[];
  readonly defects: Error[];
  /** Steps that the host did not take as things were; whether that is a failure is known when the others are done. */
  readonly refused: Refused<S>[];
  /** Steps that failed, were refused or were left out. */
  readonly undone: readonly S[];
}

/** A step that may succeed once other steps have. */
export interface Refused<S> {
  readonly step: S;
  readonly error: StepError;
}

/** Runs what is ready. One bad step ends its chain and nothing else. */
export async function applySteps<Desired, Observed, S extends Step>(
  area: Area<Desired, Observed, S>,
  { ready: steps, waiting }: Pick<SortedSteps<S>, 'ready' | 'waiting'>,
  context: PassContext,
): Promise<Made<S>> {
  // One synced write for the whole area: when the first step starts, every original is on disk.
  await context.ledger.remember(
    area.name,
    steps.flatMap((step) => step.memos ?? []),
  );
  const made = { applied: [] as Change[], failures: [] as Finding[], defects: [] as Error[] };
  const refused: Refused<S>[] = [];
  const undone = new Set(steps);
  const broken = new Set<string>();
  for (const step of steps) {
    context.signal.throwIfAborted();
    if (context.isOver?.() === true) break;
    if (step.chain !== undefined && broken.has(step.chain)) continue;
    if (step.needs !== undefined && (broken.has(step.needs) || waiting.has(step.needs))) continue;
    try {
      context.onStep?.({ type: 'applying', area: area.name, changes: step.changes });
      const changes = (await area.apply(context.host, step, context.signal)) ?? step.changes;
      made.applied.push(...changes);
      undone.delete(step);
      if (step.forgets !== undefined) await context.ledger.forget(area.name, step.forgets);
      context.onStep?.({ type: 'applied', area: area.name, changes });
    } catch (thrown) {
      context.signal.throwIfAborted();
      if (step.chain !== undefined) broken.add(step.chain);
      if (thrown instanceof StepError && thrown.dependsOnOthers) {
        refused.push({ step, error: thrown });
        continue;
      }
      if (isDefect(thrown)) made.defects.push(errorFrom(thrown));
      made.failures.push(...failed(area.name, step, thrown, context));
    }
  }
  // Only times are outstanding here: a full disk must not make a failure of changes that were made.
  await context.ledger.settle().catch(() => undefined);
  return { ...made, refused, undone: [...undone] };
}

/** The findings about a step that failed for good, which are told as well. */
export function failed(area: AreaName, { changes }: Step, thrown: unknown, context: PassContext): Finding[] {
  const finding = findingFrom(thrown, changes[0].target);
  context.onStep?.({ type: 'failed', area, changes, finding });
  return changes.map(({ target }) => ({ ...finding, target }));
}

/** Whether the next boot reads what the step changes: until that is as declared, a crash may need every record. */
export function isPersistent(step: Step): boolean {
  return step.changes.some((change) => change.scope === 'persistent');
}

/** What a plan says about records that no step is about. */
export type RecordPlan = Pick<Plan, 'spent' | 'leaves'>;

/** Whether the ledger says already what the plan says of its records. */
export function isRecorded(area: AreaName, { spent = [], leaves = [] }: RecordPlan, { ledger }: PassContext): boolean {
  return spent.length === 0 && isLeft(ledger.memory(area), leaves);
}

/** A record that cannot be dropped is tried again: a foreign file of that name would be taken for ours some day. */
export async function recordPlan(
  area: AreaName,
  { spent = [], leaves = [] }: RecordPlan,
  { ledger }: PassContext,
): Promise<Finding[]> {
  try {
    if (spent.length > 0) await ledger.forget(area, spent);
    await ledger.leave(area, leaves);
    return [];
  } catch (thrown) {
    return [findingFrom(thrown, area)];
  }
}
