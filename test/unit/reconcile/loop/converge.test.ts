import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { converge, exitCodeFrom } from '../../../../src/reconcile/loop/converge.ts';
import { createEngine } from '../../../../src/reconcile/loop/engine.ts';
import { openLedger } from '../../../../src/reconcile/ledger/ledger.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import { toyArea, type ToyOptions, toySpec } from '../../../support/toy-area.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

async function run(host: MemoryHost, options: ToyOptions, timeoutMs = 60_000) {
  const clock = () => Date.now();
  const now = () => new Date();
  const engine = createEngine({
    areas: [manage(toyArea(options))],
    host,
    ledger: await openLedger(host, now),
    clock,
    now,
  });
  const snapshot = { name: 'node1', generation: 1, spec: toySpec({ a: '1' }), source: {} };
  const waits: number[] = [];
  const onWait = (_: unknown, waitMs: number) => void waits.push(waitMs);
  const done = converge(engine, snapshot, { timeoutMs, clock, onWait }, new AbortController().signal);
  return { done, waits };
}

const blocked = { target: 'a', reason: 'SwapoffUnsafe', message: 'needs memory' } as const;

describe('one-shot convergence', () => {
  it('ends at once with 0 when everything is in place', async () => {
    const { done, waits } = await run(new MemoryHost({ '/toy/a': '0' }), {});

    expect(exitCodeFrom(await done)).toBe(0);
    expect(waits).toEqual([]);
  });

  it('waits for what may change until the time is up, with growing pauses, and ends with 2', async () => {
    const { done, waits } = await run(
      new MemoryHost({ '/toy/a': '1' }),
      { blocked: [{ ...blocked, transient: true }] },
      10_000,
    );
    await vi.advanceTimersByTimeAsync(10_000);

    expect(exitCodeFrom(await done)).toBe(2);
    expect(waits.slice(0, 4)).toEqual([250, 500, 1000, 2000]);
    // The last second is for the last round.
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBe(9000);
  });

  it('does not wait for what cannot change by itself', async () => {
    const { done, waits } = await run(new MemoryHost({ '/toy/a': '1' }), { blocked: [blocked] });

    expect(exitCodeFrom(await done)).toBe(2);
    expect(waits).toEqual([]);
  });

  it('goes on as soon as the cause is gone', async () => {
    const failOn = new Set(['a']);
    const host = new MemoryHost({ '/toy/a': '0' });
    const { done, waits } = await run(host, { failOn });
    await vi.advanceTimersByTimeAsync(300);
    failOn.clear();
    await vi.advanceTimersByTimeAsync(1000);

    expect(exitCodeFrom(await done)).toBe(0);
    expect(waits).toEqual([250, 500]);
  });

  it('ends with 3 when only a boot is missing', async () => {
    const { done } = await run(new MemoryHost({ '/toy/a': '0' }), { disruption: 'Reboot' });

    expect(exitCodeFrom(await done)).toBe(3);
  });
});

it('begins no step after its time, and leaves the rest as it is', async () => {
  const host = new MemoryHost({ '/toy/a': '0', '/toy/b': '0' });
  let time = 0;
  const clock = () => time;
  const now = () => new Date();
  const engine = createEngine({
    areas: [manage(toyArea())],
    host,
    ledger: await openLedger(host, now),
    clock,
    now,
    isOver: () => time >= 5000,
    // Every step takes twenty seconds.
    onStep: ({ type }) => {
      if (type === 'applied') time += 20_000;
    },
  });
  const snapshot = { name: 'node1', generation: 1, spec: toySpec({ a: '1', b: '1' }), source: {} };

  const report = await converge(engine, snapshot, { timeoutMs: 5000, clock }, new AbortController().signal);

  expect(exitCodeFrom(report)).toBe(2);
  expect([host.text('/toy/a'), host.text('/toy/b')]).toEqual(['1', '0']);
});
