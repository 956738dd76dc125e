/**
 * Copies chosen labels of the Node to its NodePrep, so that `kubectl get nodepreps -l pool=blue` selects what it says. They
 * follow the Node: a field manager of their own sets and removes them.
 */
import { API_VERSION } from '../../api/spec/nodeprep.ts';
import type { ApiClient } from '../client.ts';
import { canonicalJson } from '../digest.ts';
import type { OwnNodeView } from '../object/own-node.ts';
import type { ObjectMirror } from '../object/object-mirror.ts';
import type { AgentPorts } from '../ports.ts';
import { LABELS_MANAGER, nodePrepPath } from '../resources.ts';
import { type Background, createBackground } from './background.ts';

/** What the writer is built from. */
export interface LabelWriterParts extends Pick<AgentPorts, 'log' | 'clock' | 'random'> {
  readonly client: ApiClient;
  readonly node: string;
  readonly mirror: ObjectMirror;
  readonly ownNode: OwnNodeView;
  /** Keys of the labels that are copied; all others stay where they are. */
  readonly nodeLabels: readonly string[];
}

/** A writer that sends nothing before it runs, and nothing at all when no label is chosen. */
export function createLabelWriter(parts: LabelWriterParts): Pick<Background, 'run'> {
  const { client, node, mirror, ownNode, nodeLabels, log, clock, random } = parts;
  let applied = '';
  const work = async (signal: AbortSignal): Promise<undefined> => {
    const [view, seen] = [mirror.view(), ownNode.current()];
    if (seen === undefined || view.state !== 'present' || mirror.problem() !== undefined) return;
    const { uid, labels: stored = {} } = view.object.metadata;
    const labels = Object.fromEntries(Object.entries(seen.labels).filter(([key]) => nodeLabels.includes(key)));
    const isCopied = nodeLabels.every((key) => stored[key] === labels[key]);
    const wanted = canonicalJson({ uid, labels });
    // What a person has set under a key that the Node does not have stays, and is no reason to write again.
    if (isCopied || (wanted === applied && Object.keys(labels).every((key) => stored[key] === labels[key]))) return;
    await client.send(
      {
        method: 'PATCH',
        path: nodePrepPath(node),
        query: { fieldManager: LABELS_MANAGER, force: true },
        body: { apiVersion: API_VERSION, kind: 'NodePrep', metadata: { name: node, uid, labels } },
        contentType: 'application/apply-patch+yaml',
      },
      signal,
    );
    applied = wanted;
  };
  const background = createBackground({
    work,
    onError: (error) => log.warn('Cannot copy labels of the Node to its NodePrep', { problem: error.message }),
    clock,
    random,
  });
  if (nodeLabels.length > 0) {
    ownNode.onChange(background.wake);
    mirror.onChange((change) => (change === 'recovered' ? background.hurry() : background.wake()));
  }
  return { run: background.run };
}
