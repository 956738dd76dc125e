/** The condition `nodeprep.dev/Ready` and the start-up taint of a Node. Pure. */
import type { Condition } from '../../api/status/conditions.ts';
import type { Taint } from '../../api/names/taints.ts';
import type { NodeReport } from '../../reconcile/report/node-report.ts';
import { isOnlyLater } from '../../reconcile/report/waiting.ts';

/** Type of our condition on the Node; nothing else of the Node's status is ours. */
export const NODE_CONDITION = 'nodeprep.dev/Ready';

/** Longest message on the Node, which every controller of the cluster watches. */
const MESSAGE_CHARACTERS = 256;

/** A condition as the Node has it. */
export interface NodeCondition {
  readonly type: string;
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

/** The condition of the Node for a Ready of the NodePrep; counts and lists stay out of it, they change too often. */
export function nodeConditionFrom(ready: Condition, stored: unknown): NodeCondition {
  const { reason, message } = ready;
  const before = storedCondition(stored);
  // A working node does not stop working because a change waits for an approval.
  const status = reason === 'AwaitingApproval' ? lastStatus(before, ready.status) : ready.status;
  const text = message.length <= MESSAGE_CHARACTERS ? message : `${message.slice(0, MESSAGE_CHARACTERS - 1)}…`;
  return {
    type: NODE_CONDITION,
    status,
    reason,
    message: status === 'True' && reason !== 'AwaitingApproval' ? 'The host is prepared.' : text,
    lastTransitionTime:
      before?.['status'] === status && typeof before['lastTransitionTime'] === 'string'
        ? before['lastTransitionTime']
        : ready.lastTransitionTime,
  };
}

/** A strategic merge patch that takes the condition off the Node. */
export function conditionRemoval(): object {
  return { status: { conditions: [{ $patch: 'delete', type: NODE_CONDITION }] } };
}

/** Whether the Node has this already; the text follows with the next change of status or reason. */
export function saysSame(stored: unknown, wanted: NodeCondition): boolean {
  const found = storedCondition(stored);
  return found?.['status'] === wanted.status && found['reason'] === wanted.reason;
}

function lastStatus(before: Readonly<Record<string, unknown>> | undefined, otherwise: Condition['status']) {
  const status = before?.['status'];
  return status === 'True' || status === 'False' || status === 'Unknown' ? status : otherwise;
}

/** The condition as the Node has it, from any writer. */
export function storedCondition(node: unknown): Readonly<Record<string, unknown>> | undefined {
  const conditions = (node as { status?: { conditions?: unknown } } | undefined)?.status?.conditions;
  if (!Array.isArray(conditions)) return undefined;
  return conditions.find((one: unknown): one is Record<string, unknown> => {
    return typeof one === 'object' && one !== null && (one as { type?: unknown }).type === NODE_CONDITION;
  });
}

/**
 * A JSON patch that takes exactly the given taint off the Node; `undefined` when the Node does not
 * have it. Each removal is preceded by a test, so that no other taint can be removed.
 */
export function taintRemoval(node: unknown, taint: Taint): readonly object[] | undefined {
  const taints = (node as { spec?: { taints?: unknown } } | undefined)?.spec?.taints;
  if (!Array.isArray(taints)) return undefined;
  const hits = taints.flatMap((one: Taint, at) => {
    const isIt =
      one.key === taint.key &&
      (taint.value === undefined || (one.value ?? '') === taint.value) &&
      (taint.effect === undefined || one.effect === taint.effect);
    return isIt ? [at] : [];
  });
  if (hits.length === 0) return undefined;
  // From the end, so that the positions of the others do not change.
  return hits.toReversed().flatMap((at) => [
    { op: 'test', path: `/spec/taints/${at}`, value: taints[at] as object },
    { op: 'remove', path: `/spec/taints/${at}` },
  ]);
}

/**
 * Whether the host is prepared enough for pods: every area was looked at, and
 * where the spec blocks a node that is not ready (`bootstrap.onFailure: Block`), it is ready.
 */
export function isPrepared(report: NodeReport): boolean {
  const { snapshot, areas, conditions } = report;
  if (report.unfinished === true || snapshot.absent !== undefined) return false;
  if (areas.length === 0 || areas.some((area) => area.error !== undefined)) return false;
  if (snapshot.spec.bootstrap.onFailure !== 'Block') return true;
  const ready = conditions.find((condition) => condition.type === 'Ready');
  // Audit and Paused are not meant to keep pods away from a node.
  return ready?.status === 'True' || ready?.reason === 'Auditing' || ready?.reason === 'Paused' || isOnlyLater(report);
}
