/** The part of an agent that follows its object, alone: bundled and started by `reconnects.ts`. */
import { createApiClient } from '../../src/kubernetes/transport/create-api-client.ts';
import { watchObject } from '../../src/kubernetes/object/watch-object.ts';

const client = createApiClient({ kubeconfig: process.argv[2] ?? '', userAgent: 'nodeprep-bench' });
const target = { path: '/apis/nodeprep.dev/v1alpha1/nodepreps', name: 'worker-1' };
const listener = { onChange: () => {}, onProblem: () => {} };
// No chance, so that the delays are as short as they ever are.
void watchObject(client, target, listener, { clock: Date.now, random: () => 0 }, new AbortController().signal);
