/** Finds the files that a plan would write, by doing its steps on a draft of the host. */
import type { Area, Change, Step } from '../../areas/area.ts';
import type { Draft } from '../../host/draft.ts';

/** What the steps of all areas would write. */
export interface PlanDraft extends Pick<Draft, 'host'> {
  /** Told of the changes that are no files, or that more than files are needed for. */
  readonly onOther: (area: string, changes: readonly Change[]) => void;
}

/** Does every step that the plan would ever do; what is only reported is left out. */
export async function draftSteps<Desired, Observed, S extends Step>(
  area: Pick<Area<Desired, Observed, S>, 'name' | 'apply'>,
  steps: readonly S[],
  { host, onOther }: PlanDraft,
  signal: AbortSignal,
): Promise<void> {
  for (const step of steps) {
    if (step.policy === 'Report') continue;
    const isFile = step.changes.some((change) => change.scope === 'persistent');
    try {
      if (isFile) await area.apply(host, step, signal);
      else onOther(area.name, step.changes);
    } catch {
      signal.throwIfAborted();
      // It runs a program, such as one that writes files of its own.
      onOther(area.name, step.changes);
    }
  }
}
