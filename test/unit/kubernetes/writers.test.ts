import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, ApiUnreachableError } from '../../../src/kubernetes/client.ts';
import { EventWriter } from '../../../src/kubernetes/report/event-writer.ts';
import { StatusWriter } from '../../../src/kubernetes/report/status-writer.ts';
import type { NodeReport, ReportSink } from '../../../src/reconcile/report/node-report.ts';
import { aChange, aCondition, anAreaReport, aNodeReport } from '../../support/reports.ts';
import { createStubApi, type StubApi } from '../../support/stub-api.ts';

const HOUR = 60 * 60_000;
let stop: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

type Parts = ConstructorParameters<typeof EventWriter>[0] & ConstructorParameters<typeof StatusWriter>[0];
type Writer = ReportSink & { readonly run: (signal: AbortSignal) => Promise<void> };

function running(make: (parts: Parts) => Writer): {
  api: StubApi;
  publish: (report: NodeReport) => Promise<void>;
  said: string[];
} {
  const api = createStubApi();
  const said: string[] = [];
  const note = (message: string) => void said.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const clock = () => Date.now();
  const writer = make({ ...api, node: 'w', log, clock, now: () => new Date(), random: () => 0.5, tell: () => {} });
  void writer.run(stop.signal);
  return { api, said, publish: (report) => writer.publish(report, stop.signal) };
}

/** A report for the object of the stub; another text is another detail. */
function report(reason: 'AsExpected' | 'DriftDetected' = 'AsExpected', message = 'text'): NodeReport {
  const conditions = [aCondition({ status: reason === 'AsExpected' ? 'True' : 'False', reason, message })];
  const plain = aNodeReport({ conditions });
  return { ...plain, snapshot: { ...plain.snapshot, uid: 'u' } };
}

describe('the writer of the status', () => {
  it('writes once what it is told a thousand times', async () => {
    const { api, publish } = running((parts) => new StatusWriter(parts));
    for (let n = 0; n < 1000; n += 1) await publish(report());
    await vi.advanceTimersByTimeAsync(HOUR);

    expect(api.requests).toHaveLength(1);
    expect(api.requests[0]).toMatchObject({ query: { fieldManager: 'nodeprep-agent', force: true } });
  });

  it('writes the newest of what came while it waited, at most 130 times in an hour of changes', async () => {
    const { api, publish } = running((parts) => new StatusWriter(parts));
    for (let n = 0; n < 7200; n += 1) {
      await publish(report(n % 2 === 0 ? 'AsExpected' : 'DriftDetected', `pass ${n}`));
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(api.requests.length).toBeLessThanOrEqual(131);
    expect(api.requests.length).toBeGreaterThan(100);
    await vi.advanceTimersByTimeAsync(60_000);

    expect(JSON.stringify(api.stored())).toContain('pass 7199');
  });

  it('lets texts wait for a minute, and states for no longer than a second', async () => {
    const { api, publish } = running((parts) => new StatusWriter(parts));
    await publish(report());
    await vi.advanceTimersByTimeAsync(10_000);
    await publish(report('AsExpected', 'other text'));
    await vi.advanceTimersByTimeAsync(40_000);
    expect(api.requests).toHaveLength(1);
    await publish(report('DriftDetected'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(api.requests).toHaveLength(2);
  });

  it('writes again what an administrator has wiped, and nothing because of an old sight of the object', async () => {
    const { api, publish } = running((parts) => new StatusWriter(parts));
    await publish(report());
    await vi.advanceTimersByTimeAsync(5000);
    api.change({ status: undefined });
    await vi.advanceTimersByTimeAsync(5000);
    expect(api.requests).toHaveLength(2);
    expect(api.requests[1]?.body).toEqual(api.requests[0]?.body);

    for (let n = 0; n < 100; n += 1) {
      api.tell('object');
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(api.requests).toHaveLength(2);
  });

  it.each([
    ['at once when the server was away meanwhile', 'recovered', 15_000],
    ['after a minute otherwise', 'object', 90_000],
  ] as const)('is written to an object that was restored from a backup, %s', async (_, change, waitMs) => {
    const { api, publish } = running((parts) => new StatusWriter(parts));
    for (let n = 0; n < 20; n += 1) api.change({});
    await publish(report());
    await vi.advanceTimersByTimeAsync(5000);
    expect(api.requests).toHaveLength(1);

    api.restore({ status: undefined });
    api.tell(change);
    api.tell('object');
    await vi.advanceTimersByTimeAsync(waitMs);

    expect(api.requests).toHaveLength(2);
    expect(JSON.stringify(api.stored()['status'])).toContain('text');
  });

  it('does not fight for ever with a program that wipes it all the time', async () => {
    const { api, publish } = running((parts) => new StatusWriter(parts));
    await publish(report());
    const wiping = setInterval(() => api.change({ status: {} }), 500);
    await vi.advanceTimersByTimeAsync(HOUR);
    clearInterval(wiping);

    expect(api.requests.length).toBeLessThanOrEqual(131);
  });

  it('does not complain of an object that was just deleted, and does of one that stays away', async () => {
    const { api, publish, said } = running((parts) => new StatusWriter(parts));
    const message = 'nodepreps.nodeprep.dev "w" not found';
    api.setError(new ApiError('Cannot PATCH', { code: 404, reason: 'NotFound', message }));
    for (const text of ['a', 'b', 'c', 'd']) {
      await publish(report('DriftDetected', text));
      await vi.advanceTimersByTimeAsync(5000);
    }
    expect([api.requests.length, said]).toEqual([1, []]);

    await vi.advanceTimersByTimeAsync(60_000);

    expect(said).toEqual(['Cannot write the status']);
  });

  it('says nothing about an object whose spec is not the one in force', async () => {
    const { api, publish } = running((parts) => new StatusWriter(parts));
    await publish(aNodeReport());
    await vi.advanceTimersByTimeAsync(HOUR);

    expect(api.requests).toEqual([]);
  });

  it('never makes a pass wait, complains once, and brings what is newest when the server is back', async () => {
    const { api, publish, said } = running((parts) => new StatusWriter(parts));
    api.setError(new ApiUnreachableError('nobody there'));
    for (let n = 0; n < 600; n += 1) {
      await publish(report('DriftDetected', `pass ${n}`));
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(api.requests.length).toBeLessThan(12);
    expect(said).toEqual(['Cannot write the status']);

    api.setError(undefined);
    api.tell('recovered');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(JSON.stringify(api.stored())).toContain('pass 599');
  });
});

const corrected = (target: string) =>
  aNodeReport({ cause: 'poll', areas: [anAreaReport({ applied: [aChange(target)] })] });
const isAbout = (kind: string, body: unknown) =>
  (body as { involvedObject?: { kind: string } } | undefined)?.involvedObject?.kind === kind;
const creates = (api: StubApi, kind = 'NodePrep') =>
  api.requests.filter((one) => one.method === 'POST' && isAbout(kind, one.body));

describe('the writer of Events', () => {
  it('raises the count of what happens again', async () => {
    const { api, publish } = running((parts) => new EventWriter(parts));
    for (let n = 0; n < 5; n += 1) {
      await publish(corrected('vm.swappiness'));
      await vi.advanceTimersByTimeAsync(10_000);
    }

    expect(creates(api)).toHaveLength(1);
    expect(api.requests.at(-1)).toMatchObject({ method: 'PATCH', body: { count: 5 } });
  });

  it('tells the same of the Node, where kubectl describe node finds it', async () => {
    const { api, publish } = running((parts) => new EventWriter(parts));
    for (let n = 0; n < 2; n += 1) {
      await publish(corrected('vm.swappiness'));
      await vi.advanceTimersByTimeAsync(10_000);
    }

    expect(creates(api, 'Node').map(({ body }) => body)).toEqual([
      expect.objectContaining({
        reason: 'DriftCorrected',
        involvedObject: { apiVersion: 'v1', kind: 'Node', name: 'w', uid: 'w' },
      }),
    ]);
    const raised = api.requests.filter(({ method }) => method === 'PATCH');
    expect(raised.map(({ body }) => body)).toEqual([expect.objectContaining({ count: 2 }), raised[0]?.body]);
    expect(new Set(raised.map(({ path }) => path)).size).toBe(2);
  });

  it('has a budget for a host where something happens all the time, and loses no count', async () => {
    const { api, publish } = running((parts) => new EventWriter(parts));
    for (let n = 0; n < 3600; n += 1) {
      await publish(corrected('vm.swappiness'));
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(api.requests.length).toBeLessThanOrEqual(2 * (25 + 13));
    await vi.advanceTimersByTimeAsync(HOUR);

    expect(api.requests.at(-1)).toMatchObject({ body: { count: 3600 } });
  });

  it('makes one Event of many that are alike', async () => {
    const { api, publish } = running((parts) => new EventWriter(parts));
    for (let n = 0; n < 24; n += 1) await publish(corrected(`key.${n}`));
    await vi.advanceTimersByTimeAsync(1000);

    expect(creates(api)).toHaveLength(11);
    expect(creates(api).at(-1)?.body).toMatchObject({ reason: 'DriftCorrected', count: 14 });
  });

  it('keeps what happened while the server was away, but not for ever and not without bound', async () => {
    const { api, publish, said } = running((parts) => new EventWriter(parts));
    api.setError(new ApiError('Cannot POST', { code: 503 }));
    await publish(corrected('old'));
    await vi.advanceTimersByTimeAsync(2 * HOUR);
    for (let n = 0; n < 200; n += 1)
      await publish(aNodeReport({ areas: [anAreaReport({ applied: [aChange(`k${n}`)] })] }));
    api.setError(undefined);
    api.requests.length = 0;
    api.tell('recovered');
    await vi.advanceTimersByTimeAsync(2 * HOUR);

    expect(creates(api).length).toBeGreaterThan(0);
    expect(creates(api).length).toBeLessThanOrEqual(32);
    expect(JSON.stringify(creates(api))).not.toContain('corrected old');
    expect(said).toEqual(['Cannot write Events']);
  });

  it('adds to the Event of an agent before it', async () => {
    const { api, publish } = running((parts) => new EventWriter(parts));
    await publish(corrected('vm.swappiness'));
    await vi.advanceTimersByTimeAsync(1000);
    const before = creates(api)[0];
    const second = new EventWriter({
      ...api,
      node: 'w',
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      clock: () => Date.now(),
      now: () => new Date(),
      random: () => 0.5,
    });
    void second.run(stop.signal);
    await second.publish(corrected('vm.swappiness'), stop.signal);
    await vi.advanceTimersByTimeAsync(1000);

    expect(creates(api)[1]?.body).toEqual(
      expect.objectContaining({ metadata: (before?.body as { metadata: object }).metadata }),
    );
    expect(api.requests.at(-1)).toMatchObject({ method: 'PATCH', body: { lastTimestamp: expect.any(String) } });
  });

  it('tells nothing of a round that goes on', async () => {
    const { api, publish } = running((parts) => new EventWriter(parts));
    await publish(aNodeReport({ unfinished: true, areas: [anAreaReport({ remaining: [aChange('a')] })] }));
    await vi.advanceTimersByTimeAsync(HOUR);

    expect(api.requests).toEqual([]);
  });
});
