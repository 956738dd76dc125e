/** Changes nothing: a plan of this area has no steps. */
import type { Step } from '../area.ts';

/** Throws, because there is no step that it could do. */
export function applyNothing(_host: unknown, step: Step): Promise<never> {
  return Promise.reject(new Error(`The area cgroup has no such step: ${step.changes[0].target}`));
}
