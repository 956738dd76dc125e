/** Fights over a restart of the daemon, and how a person ends them. */
import { describe, expect, test } from 'vitest';
import { sysctls } from '../../../../src/areas/sysctls/index.ts';
import type { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { openLedger } from '../../../../src/reconcile/ledger/ledger.ts';
import { createEngine } from '../../../../src/reconcile/loop/engine.ts';
import { createFightRecord, FIGHTS_PATH, requestRetry } from '../../../../src/reconcile/loop/fights.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import { kernelHost, live, sysctlsSpec } from '../../../support/sysctls-pass.ts';

const [KEY, OTHER] = ['net.core.somaxconn', 'vm.swappiness'];
const PATHS = { [KEY]: '/proc/sys/net/core/somaxconn', [OTHER]: '/proc/sys/vm/swappiness' };
const START = Date.parse('2026-11-30T10:00:00Z');

/** A daemon whose clock begins at its own start, as the one of a process does. */
async function daemon(host: MemoryHost, time: { ms: number }, generation = 1) {
  const born = time.ms;
  const problems: string[] = [];
  const parts = { host, clock: () => time.ms - born, now: () => new Date(START + time.ms) };
  const ledger = await openLedger(host, parts.now);
  const fights = createFightRecord({ ...parts, onProblem: (problem) => problems.push(problem) });
  const engine = createEngine({ areas: [manage(sysctls)], ...parts, ledger, fights });
  const spec = sysctlsSpec([
    [KEY, '1024'],
    [OTHER, '60'],
  ]);
  const round = async (cause: 'start' | 'spec' | 'poll') => {
    const snapshot = { name: 'n', generation, spec, source: {} };
    const { conditions, areas } = await engine.round({ snapshot, cause }, new AbortController().signal);
    const ready = conditions.find(({ type }) => type === 'Ready')?.status;
    return { ready, contested: areas[0]?.contested.map(({ target }) => target) ?? [] };
  };
  const fight = async (...names: (keyof typeof PATHS)[]) => {
    for (let n = 0; n < 3; n += 1) {
      time.ms += 1000;
      for (const name of names) host.put(PATHS[name] ?? '', '10\n');
      await round('poll');
    }
  };
  return { engine, round, fight, problems };
}

async function fought(...names: (keyof typeof PATHS)[]) {
  const host = kernelHost({ [KEY]: '1024', [OTHER]: '60' });
  const time = { ms: 0 };
  const first = await daemon(host, time);
  await first.round('start');
  await first.fight(...names);
  return { host, time, first };
}

describe('a restart', () => {
  test('does not join the fight again before the hold is over', async () => {
    const { host, time } = await fought(KEY);
    const next = await daemon(host, time);

    expect(await next.round('start')).toEqual({ ready: 'False', contested: [KEY] });
    expect(live(host, KEY)).toBe('10');
    expect(next.engine.nextRelease()).toBe(60_000);
    time.ms += 60_000;
    // The probe counts as one of the fight, in whatever process it is made.
    expect((await next.round('start')).ready).toBe('False');
    expect(live(host, KEY)).toBe('1024');
  });

  test('lets the next hold last twice as long', async () => {
    const { host, time } = await fought(KEY);
    time.ms += 60_000;
    const next = await daemon(host, time);
    await next.round('start');

    host.put(PATHS[KEY] ?? '', '10\n');
    await next.round('poll');

    expect(next.engine.nextRelease()).toBe(120_000);
  });

  test('knows nothing of fights under another spec', async () => {
    const { host, time } = await fought(KEY);
    const next = await daemon(host, time, 2);

    expect(await next.round('start')).toEqual({ ready: 'True', contested: [] });
    expect(live(host, KEY)).toBe('1024');
  });

  test.each([
    ['is cut off', '{"kind":"Fights","ver'],
    ['is of a newer release', '{"kind":"Fights","version":99,"revision":1,"fights":[]}'],
    [
      'holds nonsense',
      '{"kind":"Fights","version":1,"revision":1,"fights":[null,7,{"area":"__proto__"},{"area":"sysctls"}]}',
    ],
    ['is no list', '{"kind":"Fights","version":1,"revision":1,"fights":{"length":3}}'],
  ])('corrects as usual when the record %s', async (_, text) => {
    const { host, time } = await fought(KEY);
    host.put(FIGHTS_PATH, text);
    const next = await daemon(host, time);

    expect((await next.round('start')).ready).toBe('True');
    expect(live(host, KEY)).toBe('1024');
    expect(host.text(FIGHTS_PATH)).toBeUndefined();
  });

  test('waits no longer than a hold lasts, whatever the record or the clock says', async () => {
    const { host, time } = await fought(KEY);
    host.put(FIGHTS_PATH, (host.text(FIGHTS_PATH) ?? '').replaceAll(/"heldUntil": "\d+/g, '"heldUntil": "9999'));
    const next = await daemon(host, time);
    await next.round('start');

    expect(next.engine.nextRelease()).toBeLessThanOrEqual(60_000);
  });
});

test('a fight that is over leaves no record', async () => {
  const { host, time, first } = await fought(KEY);
  expect(host.text(FIGHTS_PATH)).toContain(KEY);

  time.ms += 60_000;
  await first.round('poll');
  time.ms += 20 * 60_000;
  await first.round('poll');

  expect(live(host, KEY)).toBe('1024');
  expect(host.text(FIGHTS_PATH)).toBeUndefined();
});

test('a round without a fight writes no record', async () => {
  const host = kernelHost({ [KEY]: '128', [OTHER]: '60' });
  const { round } = await daemon(host, { ms: 0 });
  await round('start');

  expect(host.text(FIGHTS_PATH)).toBeUndefined();
});

describe('a person', () => {
  test('ends the fight over one entry and no other', async () => {
    const { host, first } = await fought(KEY, OTHER);

    await requestRetry(host, [`sysctls/${KEY}`]);
    expect((await first.round('spec')).contested).toEqual([OTHER]);

    expect([live(host, KEY), live(host, OTHER)]).toEqual(['1024', '10']);
  });

  test('ends fights before the daemon is started again', async () => {
    const { host, time } = await fought(KEY, OTHER);

    await requestRetry(host, ['sysctls']);
    await (await daemon(host, time)).round('start');

    expect([live(host, KEY), live(host, OTHER)]).toEqual(['1024', '60']);
  });
});
