import { ApiError } from '../client.ts';
import type { ObjectMirror } from '../object/object-mirror.ts';

/** Whether the API server answers; one that refuses to show the NodePrep may still accept the Node. */
export function isReachable(mirror: ObjectMirror): boolean {
  const problem = mirror.problem();
  if (problem instanceof ApiError) return true;
  return problem === undefined && mirror.view().state !== 'unknown';
}
