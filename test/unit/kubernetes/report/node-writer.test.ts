/** What a Node is told of its host, in a time of the test's own. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ApiClient, ApiError, type ApiRequest } from '../../../../src/kubernetes/client.ts';
import { createOwnNodeView } from '../../../../src/kubernetes/object/own-node.ts';
import { NodeWriter } from '../../../../src/kubernetes/report/node-writer.ts';
import { aCondition, aNodeReport } from '../../../support/reports.ts';
import { createStubApi } from '../../../support/stub-api.ts';

const TYPE = 'nodeprep.dev/Ready';
const MINUTE = 60_000;
let stop: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

interface Stored {
  type: string;
  status: string;
}

/** A Node in memory that keeps its conditions by type; `undefined` is one that the kubelet has not registered yet. */
function world(conditions: Stored[] | undefined) {
  const node = { conditions };
  const requests: ApiRequest[] = [];
  const client: ApiClient = {
    ...createStubApi().client,
    send: async (request) => {
      requests.push(request);
      if (node.conditions === undefined) throw new ApiError('Cannot GET', { code: 404 });
      if (request.method === 'GET') return { metadata: { uid: 'n' }, status: { conditions: [...node.conditions] } };
      const [change] = (request.body as { status: { conditions: (Stored & { $patch?: string })[] } }).status.conditions;
      node.conditions = node.conditions.filter(({ type }) => type !== TYPE);
      if (change !== undefined && change.$patch !== 'delete') node.conditions.push(change);
      return {};
    },
  };
  const silent = () => undefined;
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const parts = { client, mirror: createStubApi().mirror, node: 'w', log, clock: () => Date.now(), random: () => 0.5 };
  const writer = new NodeWriter({ ...parts, ownNode: createOwnNodeView(), taint: undefined });
  void writer.run(stop.signal);
  const publish = (status: 'True' | 'False') =>
    writer.publish(aNodeReport({ conditions: [aCondition({ status })] }), stop.signal);
  const letGo = () => {
    const report = aNodeReport();
    return writer.publish({ ...report, snapshot: { ...report.snapshot, absent: 'was deleted' } }, stop.signal);
  };
  const writes = () => requests.filter(({ method }) => method === 'PATCH').length;
  const said = () => node.conditions?.find(({ type }) => type === TYPE)?.status;
  return { node, requests, publish, letGo, writes, said };
}

describe('the condition of a Node', () => {
  test('is told at once at first and when the host becomes ready, and otherwise when it has settled', async () => {
    const { publish, said } = world([]);
    await publish('False');
    await vi.advanceTimersByTimeAsync(100);
    expect(said()).toBe('False');
    await publish('True');
    await vi.advanceTimersByTimeAsync(5000);
    expect(said()).toBe('True');

    await publish('False');
    await vi.advanceTimersByTimeAsync(25_000);
    expect(said()).toBe('True');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(said()).toBe('False');
  });

  test('that changes all the time is not written at all', async () => {
    const { publish, writes } = world([{ type: TYPE, status: 'True' }]);

    for (let n = 0; n < 100; n += 1) {
      await publish(n % 2 === 0 ? 'False' : 'True');
      await vi.advanceTimersByTimeAsync(10_000);
    }

    expect(writes()).toBe(0);
  });

  test('is taken off when nothing is managed, and nothing else with it', async () => {
    const { publish, letGo, node } = world([{ type: 'Ready', status: 'True' }]);
    await publish('True');
    await vi.advanceTimersByTimeAsync(5000);
    expect(node.conditions).toHaveLength(2);

    await letGo();
    await vi.advanceTimersByTimeAsync(5000);

    expect(node.conditions).toEqual([{ type: 'Ready', status: 'True' }]);
  });

  test('is looked for in the cache of the server, ever more rarely while there is no Node', async () => {
    const { publish, requests, node, said } = world(undefined);
    await publish('True');
    await vi.advanceTimersByTimeAsync(60 * MINUTE);

    expect(requests.every(({ query }) => query?.['resourceVersion'] === '0')).toBe(true);
    expect(requests.length).toBeLessThan(20);
    node.conditions = [];
    await vi.advanceTimersByTimeAsync(6 * MINUTE);
    expect(said()).toBe('True');
  });
});
