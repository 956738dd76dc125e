/** A cluster whose definition is older than the agent: the status goes there without what came later. */
import type { NodePrepStatus } from '../../api/status/status.ts';
import { ApiError } from '../client.ts';

/** An unknown field of an object is dropped by the API server; one that is applied is refused, and all else with it. */
export function isUndeclared(error: unknown): boolean {
  return error instanceof ApiError && error.message.includes('field not declared in schema');
}

/** The status as the first definition has it. */
export function asFirstDefined(status: NodePrepStatus): NodePrepStatus {
  if (status.node === undefined) return status;
  const { machineID: _, bootID: __, ...node } = status.node;
  return { ...status, node };
}
