/** What an agent sends beside status, Events and condition: its Lease, labels of its Node, and a probe of what holds it. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ApiClient, ApiError, type ApiRequest } from '../../../../src/kubernetes/client.ts';
import { createOwnNodeView } from '../../../../src/kubernetes/object/own-node.ts';
import { createHeldCheck } from '../../../../src/kubernetes/registration/held-check.ts';
import { createLabelWriter } from '../../../../src/kubernetes/report/label-writer.ts';
import { createLeaseWriter } from '../../../../src/kubernetes/report/lease-writer.ts';
import { createStubApi } from '../../../support/stub-api.ts';

let stop: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

function world(answer: (request: ApiRequest) => unknown = () => ({})) {
  const api = createStubApi();
  const requests: ApiRequest[] = [];
  const said: string[] = [];
  const note = (message: string) => void said.push(message);
  const client: ApiClient = {
    ...api.client,
    send: async (request) => {
      requests.push(request);
      return answer(request);
    },
  };
  const ownNode = createOwnNodeView();
  const log = { debug: note, info: note, warn: note, error: note };
  const time = { clock: () => Date.now(), now: () => new Date(), random: () => 0.5 };
  const parts = { ...time, client, mirror: api.mirror, node: 'w', log, ownNode, leaseNamespace: 'ours' };
  const start = (writer: { readonly run: (signal: AbortSignal) => Promise<void> }) => void writer.run(stop.signal);
  const see = (labels: object) => ownNode.saw({ metadata: { uid: 'n', labels } });
  return { api, requests, said, parts, start, see };
}

describe('the Lease', () => {
  test('is renewed every two minutes, and goes with its Node as soon as that is known', async () => {
    const { requests, parts, start, see } = world();
    start(createLeaseWriter(parts));
    await vi.advanceTimersByTimeAsync(1000);
    see({});
    await vi.advanceTimersByTimeAsync(60 * 60_000);

    expect(requests).toHaveLength(31);
    expect(requests[0]).toMatchObject({
      path: '/apis/coordination.k8s.io/v1/namespaces/ours/leases/w',
      query: { fieldManager: 'nodeprep-agent', force: true },
      body: { spec: { holderIdentity: 'w', leaseDurationSeconds: 600, renewTime: expect.stringMatching(/\.\d{6}Z$/) } },
    });
    expect(requests[0]?.body).not.toHaveProperty('metadata.ownerReferences');
    expect(requests.at(-1)?.body).toHaveProperty('metadata.ownerReferences', [
      { apiVersion: 'v1', kind: 'Node', name: 'w', uid: 'n' },
    ]);
  });

  test('that may not be written is a line in the log and a request now and then', async () => {
    const { requests, parts, start, said } = world(() => {
      throw new ApiError('Cannot PATCH', { code: 403 });
    });
    start(createLeaseWriter(parts));
    await vi.advanceTimersByTimeAsync(60 * 60_000);

    expect(said).toEqual(['Cannot renew the Lease']);
    expect(requests.length).toBeLessThan(20);
  });
});

describe('chosen labels of the Node', () => {
  test('are copied, follow the Node, and are not written again for nothing', async () => {
    const { api, requests, parts, start, see } = world();
    start(createLabelWriter({ ...parts, nodeLabels: ['pool', 'zone'] }));
    const labels = async () => {
      await vi.advanceTimersByTimeAsync(1000);
      const sent = (requests.at(-1)?.body as { metadata: { labels: Record<string, string> } }).metadata.labels;
      // As the server would merge it with what another program has set.
      const { metadata } = api.stored();
      api.change({ metadata: { ...metadata, labels: { theirs: 'x', ...sent } } });
      return sent;
    };

    see({ pool: 'blue', secret: 'x' });
    expect(await labels()).toEqual({ pool: 'blue' });
    see({ pool: 'green', zone: 'a' });
    expect(await labels()).toEqual({ pool: 'green', zone: 'a' });
    see({});
    expect(await labels()).toEqual({});
    await vi.advanceTimersByTimeAsync(60_000);

    expect(requests).toHaveLength(3);
    expect(requests[0]).toMatchObject({
      query: { fieldManager: 'nodeprep-node-labels' },
      body: { metadata: { uid: 'u' } },
    });
  });

  test('are none by default, and nothing is sent', async () => {
    const { requests, parts, start, see } = world();
    start(createLabelWriter({ ...parts, nodeLabels: [] }));
    see({ pool: 'blue' });
    await vi.advanceTimersByTimeAsync(60_000);

    expect(requests).toEqual([]);
  });
});

describe('whether anything holds an agent to its node', () => {
  const refuse = () => {
    throw new ApiError('Cannot PATCH', { code: 403 });
  };

  test.each<[string, () => unknown, string]>([
    ['refused', refuse, 'The API server holds this agent to its own node'],
    ['allowed', () => ({}), 'Nothing holds this agent to its own node'],
  ])('is tried once without storing anything, and said (%s)', async (_, answer, message) => {
    const { api, requests, parts, start, said } = world(answer);
    start(createHeldCheck(parts));
    for (let n = 0; n < 10; n += 1) {
      await vi.advanceTimersByTimeAsync(60_000);
      api.tell('object');
    }

    expect(said).toEqual([expect.stringContaining(message)]);
    expect(requests.map(({ query }) => query?.['dryRun'])).toEqual(['All']);
  });

  test('is tried again when the server could not answer', async () => {
    let left = 2;
    const { requests, parts, start, said } = world(() => {
      left -= 1;
      if (left >= 0) throw new ApiError('Cannot PATCH', { code: 503 });
      return refuse();
    });
    start(createHeldCheck(parts));
    await vi.advanceTimersByTimeAsync(60_000);

    expect(requests).toHaveLength(3);
    expect(said).toHaveLength(1);
  });
});
