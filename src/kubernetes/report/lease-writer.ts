/**
 * Renews the Lease of the node, by which the cluster sees that its agent is alive: conditions stay as they were written when
 * an agent or its host dies. Rate and reasons are in docs/adr.
 */
import { jitteredMs } from '../../reconcile/loop/backoff.ts';
import type { ApiClient } from '../client.ts';
import type { OwnNodeView } from '../object/own-node.ts';
import type { ObjectMirror } from '../object/object-mirror.ts';
import type { AgentPorts } from '../ports.ts';
import { AGENT_MANAGER, leasePath } from '../resources.ts';
import { type Background, createBackground } from './background.ts';
import { isReachable } from './reachable.ts';

/** A fifth of the time after which a missed renewal means something. */
const RENEW_MS = 120_000;
/** As many renewals as may fail before the agent counts as gone. */
const DURATION_SECONDS = 600;

/** What the writer is built from. */
export interface LeaseWriterParts extends Pick<AgentPorts, 'log' | 'clock' | 'now' | 'random'> {
  readonly client: ApiClient;
  readonly node: string;
  readonly leaseNamespace: string;
  readonly mirror: ObjectMirror;
  readonly ownNode: OwnNodeView;
}

/** A writer that sends nothing before it runs. */
export function createLeaseWriter(parts: LeaseWriterParts): Pick<Background, 'run'> {
  const { client, node, leaseNamespace: namespace, mirror, ownNode, log, clock, now, random } = parts;
  let said = '';
  let renewAt = 0;
  const work = async (signal: AbortSignal): Promise<number | undefined> => {
    if (!isReachable(mirror)) return undefined;
    if (clock() < renewAt) return renewAt - clock();
    const uid = ownNode.current()?.uid;
    const owner = { apiVersion: 'v1', kind: 'Node', name: node, uid };
    await client.send(
      {
        method: 'PATCH',
        path: leasePath(namespace, node),
        query: { fieldManager: AGENT_MANAGER, force: true },
        body: {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          // Goes with its Node. An apply without the owner would take it away again.
          metadata: { name: node, namespace, ...(uid === undefined ? {} : { ownerReferences: [owner] }) },
          spec: { holderIdentity: node, leaseDurationSeconds: DURATION_SECONDS, renewTime: microTime(now()) },
        },
        contentType: 'application/apply-patch+yaml',
      },
      signal,
    );
    said = '';
    const again = jitteredMs(RENEW_MS, random());
    renewAt = clock() + again;
    return again;
  };
  const background = createBackground({
    work,
    onError: (error, retryMs) => {
      const retrySeconds = Math.round(retryMs / 1000);
      if (said !== error.message) log.warn('Cannot renew the Lease', { problem: error.message, retrySeconds });
      said = error.message;
    },
    clock,
    random,
  });
  mirror.onChange((change) => {
    if (change === 'recovered') background.hurry();
    else if (clock() >= renewAt) background.wake();
  });
  return { run: background.run };
}

/** Exactly six digits, or the API server refuses it. */
function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
