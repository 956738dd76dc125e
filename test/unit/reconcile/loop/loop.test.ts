import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Hint, HostWatcher } from '../../../../src/host/host.ts';
import { hintName } from '../../../../src/host/watch/hints.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { APPROVAL_REQUEST_PATH, requestApproval } from '../../../../src/reconcile/loop/approvals.ts';
import { createFightRecord, requestRetry, RETRY_REQUEST_PATH } from '../../../../src/reconcile/loop/fights.ts';
import { createEngine } from '../../../../src/reconcile/loop/engine.ts';
import { openLedger } from '../../../../src/reconcile/ledger/ledger.ts';
import { runLoop } from '../../../../src/reconcile/loop/loop.ts';
import type { NodeReport, SpecSnapshot } from '../../../../src/reconcile/report/node-report.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import { Trigger } from '../../../../src/reconcile/loop/trigger.ts';
import { toyArea, type ToyOptions, toySpec } from '../../../support/toy-area.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

async function start(host: MemoryHost, options: ToyOptions = {}, values: Record<string, string> = { a: '1' }) {
  const stop = new AbortController();
  const clock = () => Date.now();
  const areas = [manage(toyArea(options))];
  const trigger = new Trigger(clock);
  const reports: NodeReport[] = [];
  const errors: string[] = [];
  let snapshot: SpecSnapshot = { name: 'node1', generation: 1, spec: toySpec(values), source: {} };
  let specChanged = () => {};
  let hint: (path: string, source: 'event' | 'poll') => void = () => {};
  let watched: readonly Hint[] = [];
  const watcher: HostWatcher = {
    watch: async (hints, onHint) => {
      watched = hints;
      hint = onHint;
    },
    close: async () => {},
  };
  let [sourceError, roundError]: (Error | undefined)[] = [];
  const ledger = await openLedger(host, () => new Date());
  const now = () => new Date();
  const fights = createFightRecord({ host, clock, now, onProblem: (problem) => errors.push(problem) });
  const engine = createEngine({ areas, host, ledger, clock, now, fights });
  const done = runLoop(
    {
      areas,
      trigger,
      clock,
      random: () => 0.5,
      resyncMs: 300_000,
      watcher,
      engine: {
        ...engine,
        round: (request, signal) => {
          const error = roundError;
          roundError = undefined;
          return error === undefined ? engine.round(request, signal) : Promise.reject(error);
        },
      },
      source: {
        current: async () => {
          if (sourceError !== undefined) throw sourceError;
          return snapshot;
        },
        watch: async (onChange) => {
          specChanged = onChange;
          return async () => {};
        },
      },
      sinks: [
        { name: 'broken', publish: async () => Promise.reject(new Error('full disk')) },
        { name: 'list', publish: async (report) => void reports.push(report) },
      ],
      onError: (what) => errors.push(what),
    },
    stop.signal,
  );
  await vi.advanceTimersByTimeAsync(0);
  return {
    reports,
    errors,
    trigger,
    hints: () => watched,
    hint: (path: string, source: 'event' | 'poll' = 'event') => hint(path, source),
    respec: (next: Record<string, string>) => {
      snapshot = { ...snapshot, generation: snapshot.generation + 1, spec: toySpec(next) };
      specChanged();
    },
    /** Reading the spec fails from now on. */
    breakSource: (error: Error) => void (sourceError = error),
    /** The next round fails as a whole. */
    breakRound: (error: Error) => void (roundError = error),
    /** The spec changes, and nothing tells so. */
    replace: (next: Partial<SpecSnapshot>) => {
      snapshot = { ...snapshot, ...next };
    },
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}

describe('the loop', () => {
  it('converges at once, looks a second time, and then sleeps until the resync', async () => {
    const host = new MemoryHost({ '/toy/a': '0' });
    const loop = await start(host);
    expect(host.text('/toy/a')).toBe('1');

    await vi.advanceTimersByTimeAsync(200_000);
    expect(loop.reports.length).toBe(2);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(loop.reports.map((report) => report.cause)).toEqual(['start', 'retry', 'resync']);

    await loop.stop();
  });

  it.each([
    ['without any hint', 0],
    ['after the event of that write', 1],
  ])('corrects what is undone right after its own write, %s', async (_, events) => {
    const host = new MemoryHost({ '/toy/a': '0' });
    const loop = await start(host);
    for (let n = 0; n < events; n += 1) loop.hint('/toy/a');
    await vi.advanceTimersByTimeAsync(10);

    host.put('/toy/a', '0');
    await vi.advanceTimersByTimeAsync(1200);

    expect(host.text('/toy/a')).toBe('1');
    await loop.stop();
  });

  it('turns a burst of hints into one more round and heals drift', async () => {
    const host = new MemoryHost({ '/toy/a': '0' });
    const loop = await start(host);

    host.put('/toy/a', '9');
    for (let n = 0; n < 100; n += 1) loop.hint('/toy/a');
    await vi.advanceTimersByTimeAsync(0);

    expect(host.text('/toy/a')).toBe('1');
    expect(loop.reports.length).toBe(2);
    expect(loop.reports[1]?.repairs).toMatchObject([{ area: 'sysctls' }]);
    await loop.stop();
  });

  it('looks again when a finding asks for it', async () => {
    const host = new MemoryHost({ '/toy/a': '1' });
    const trial = { target: 'a', reason: 'Pending', message: 'a trial runs', retryAfterMs: 20_000 } as const;
    const loop = await start(host, { blocked: [trial] });

    await vi.advanceTimersByTimeAsync(19_000);
    expect(loop.reports.length).toBe(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(loop.reports.map((report) => report.cause)).toEqual(['start', 'retry']);
    await loop.stop();
  });

  it('does what was approved on the host as soon as it is told, and corrects nothing with it', async () => {
    const host = new MemoryHost({ '/toy/a': '0', '/etc/kubernetes/kubelet.conf': 'x' });
    const loop = await start(host, { disruption: 'Restart' });

    await requestApproval(host, loop.reports[0]?.status.pending?.plan ?? '');
    loop.hint(APPROVAL_REQUEST_PATH);
    await vi.advanceTimersByTimeAsync(0);

    expect(host.text('/toy/a')).toBe('1');
    expect(loop.reports[1]?.repairs).toEqual([]);
    await loop.stop();
  });

  it('takes a hint of a request that is not there for none: what is corrected was drift', async () => {
    const host = new MemoryHost({ '/toy/a': '0' });
    const loop = await start(host);

    host.put('/toy/a', '0');
    loop.hint('/toy/a');
    loop.hint(APPROVAL_REQUEST_PATH);
    loop.hint(RETRY_REQUEST_PATH);
    await vi.advanceTimersByTimeAsync(0);

    expect(host.text('/toy/a')).toBe('1');
    expect(loop.reports.map((report) => report.cause)).toEqual(['start', 'event']);
    expect(loop.reports[1]?.repairs).toHaveLength(1);
    await loop.stop();
  });

  it('tries an area with a bug again with growing pauses', async () => {
    const host = new MemoryHost({ '/toy/a': '0' });
    const loop = await start(host, { bug: new RangeError('out of range') });

    await vi.advanceTimersByTimeAsync(120_000);

    expect(loop.reports.length).toBeLessThan(10);
    expect(loop.reports.at(-1)?.conditions[0]).toMatchObject({ status: 'False' });
    await loop.stop();
  });

  it('goes on when a sink fails, and says which', async () => {
    const loop = await start(new MemoryHost({ '/toy/a': '0' }));

    expect(loop.reports.length).toBe(1);
    expect(loop.errors).toEqual(['publishing to broken']);
    await loop.stop();
  });

  it('enforces a changed spec and watches what it declares', async () => {
    const host = new MemoryHost({ '/toy/a': '0' });
    const loop = await start(host);

    loop.respec({ a: '2', b: '3' });
    await vi.advanceTimersByTimeAsync(0);

    expect([host.text('/toy/a'), host.text('/toy/b')]).toEqual(['2', '3']);
    expect(loop.hints().map(hintName)).toEqual(['/toy/a', '/toy/b', APPROVAL_REQUEST_PATH, RETRY_REQUEST_PATH]);
    await loop.stop();
  });

  it('reads a refused spec again with the resync, although nothing told of its repair', async () => {
    const host = new MemoryHost({ '/toy/a': '0' });
    const loop = await start(host);
    loop.replace({ refused: 'other users may write it' });
    loop.hint('/toy/a');
    loop.respec({ a: '1' });
    await vi.advanceTimersByTimeAsync(0);

    loop.replace({ refused: undefined as never, generation: 7, spec: toySpec({ a: '2' }) });
    await vi.advanceTimersByTimeAsync(330_000);

    expect(host.text('/toy/a')).toBe('2');
    await loop.stop();
  });

  it('keeps what was declared when reading the spec, or a whole round, fails with a bug', async () => {
    const host = new MemoryHost({ '/toy/a': '0' });
    const loop = await start(host);
    loop.breakSource(new TypeError('x is not a function'));
    loop.respec({ a: '7' });
    await vi.advanceTimersByTimeAsync(0);
    host.put('/toy/a', '0');
    loop.breakRound(new RangeError('Maximum call stack size exceeded'));
    loop.hint('/toy/a');
    await vi.advanceTimersByTimeAsync(0);
    expect(host.text('/toy/a')).toBe('0');

    await vi.advanceTimersByTimeAsync(61_000);

    expect(host.text('/toy/a')).toBe('1');
    expect(loop.errors).toEqual(
      expect.arrayContaining([
        expect.stringContaining('reading the spec'),
        expect.stringContaining('looking at the host'),
      ]),
    );
    await loop.stop();
  });

  it('retries a failure with growing pauses, for ever', async () => {
    const failOn = new Set(['a']);
    const host = new MemoryHost({ '/toy/a': '0' });
    const loop = await start(host, { failOn });

    await vi.advanceTimersByTimeAsync(1000);
    expect(loop.reports.length).toBe(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(loop.reports.length).toBe(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(loop.reports.length).toBe(3);

    failOn.clear();
    await vi.advanceTimersByTimeAsync(4000);
    expect(host.text('/toy/a')).toBe('1');
    await loop.stop();
  });

  it('does not spin when its own failing writes raise events', async () => {
    const loop = await start(new MemoryHost({ '/toy/a': '0' }), { failOn: new Set(['a']) });

    for (let n = 0; n < 50; n += 1) {
      loop.hint('/toy/a');
      await vi.advanceTimersByTimeAsync(10);
    }

    expect(loop.reports.length).toBe(1);
    await loop.stop();
  });

  it('looks at once at a polled value that changed, even while a retry is pending', async () => {
    const loop = await start(new MemoryHost({ '/toy/a': '0' }), { failOn: new Set(['a']) });

    loop.hint('/toy/a', 'poll');
    await vi.advanceTimersByTimeAsync(0);

    expect(loop.reports.length).toBe(2);
    await loop.stop();
  });

  it('holds off a fight on the third flip and corrects again after a minute', async () => {
    const host = new MemoryHost({ '/toy/fought': '1' });
    const loop = await start(host, {}, { fought: '1' });
    const flip = async () => {
      host.put('/toy/fought', '0');
      loop.hint('/toy/fought');
      await vi.advanceTimersByTimeAsync(1);
    };

    await flip();
    await flip();
    expect(host.text('/toy/fought')).toBe('1');
    await flip();
    expect(host.text('/toy/fought')).toBe('0');
    const last = loop.reports.at(-1);
    expect(last?.conditions.find((condition) => condition.type === 'Conflicting')).toMatchObject({
      status: 'True',
      reason: 'Contested',
    });
    expect(last?.conditions.find((condition) => condition.type === 'Conflicting')?.message).toContain('kube-proxy');

    await vi.advanceTimersByTimeAsync(61_000);
    expect(host.text('/toy/fought')).toBe('1');
    await loop.stop();
  });

  it('corrects what is held off as soon as a person asks for it', async () => {
    const host = new MemoryHost({ '/toy/fought': '1' });
    const loop = await start(host, {}, { fought: '1' });
    for (let n = 0; n < 3; n += 1) {
      host.put('/toy/fought', '0');
      loop.hint('/toy/fought');
      await vi.advanceTimersByTimeAsync(1);
    }

    await requestRetry(host, ['sysctls/fought']);
    loop.hint(RETRY_REQUEST_PATH);
    await vi.advanceTimersByTimeAsync(1);

    expect(host.text('/toy/fought')).toBe('1');
    expect(host.text(RETRY_REQUEST_PATH)).toBeUndefined();
    await loop.stop();
  });

  it('says within two seconds that a host is not ready while a change of it hangs, and when it is', async () => {
    const conditionsOf = (report: NodeReport | undefined) =>
      Object.fromEntries(report?.conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]) ?? []);
    const { promise, resolve } = Promise.withResolvers<void>();
    const host = new MemoryHost({ '/toy/a': '1' });
    const loop = await start(host, { hangsUntil: promise });
    expect(conditionsOf(loop.reports.at(-1))).toMatchObject({ Ready: 'True AsExpected' });

    host.put('/toy/a', '0');
    loop.hint('/toy/a');
    await vi.advanceTimersByTimeAsync(2000);

    const interim = loop.reports.at(-1);
    expect(conditionsOf(interim)).toMatchObject({
      Ready: 'False DriftDetected',
      Progressing: 'True Applying',
      Drifted: 'True LiveDrift',
      Degraded: 'False AsExpected',
    });
    expect(interim?.conditions.find(({ type }) => type === 'Progressing')?.message).toBe(
      'Not done yet: update a (live)',
    );
    expect(interim).toMatchObject({ unfinished: true, visited: [], repairs: [] });

    resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(host.text('/toy/a')).toBe('1');
    expect(conditionsOf(loop.reports.at(-1))).toMatchObject({
      Ready: 'True AsExpected',
      Progressing: 'False Reconciled',
      Drifted: 'False InSync',
    });
    await loop.stop();
  });

  it('stops in the middle of a wait', async () => {
    const loop = await start(new MemoryHost({ '/toy/a': '0' }));

    await loop.stop();

    expect(vi.getTimerCount()).toBe(0);
  });
});
