import { expect, test } from 'vitest';
import { HostFileError } from '../../../../src/host/errors.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { openLedger } from '../../../../src/reconcile/ledger/ledger.ts';
import { createEngine } from '../../../../src/reconcile/loop/engine.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import { toySpec } from '../../../support/toy-area.ts';
import { CANDIDATE, KEPT, PROBE, trialArea } from '../../../support/trial-area.ts';

/** A process; `dies` ends it when the first step is about to be made. */
async function daemon(host: MemoryHost, dies = false) {
  const stop = new AbortController();
  const now = () => new Date('2026-11-21T10:00:00Z');
  const ledger = await openLedger(host, now);
  const onStep = () => {
    if (!dies) return;
    stop.abort();
    throw new Error('killed');
  };
  const engine = createEngine({ areas: [manage(trialArea)], host, ledger, clock: () => 0, now, onStep });
  return async (value = 'new') => {
    const snapshot = { name: 'node1', generation: 1, revision: value, spec: toySpec({ rules: value }), source: {} };
    const report = await engine.round({ snapshot, cause: 'spec' }, stop.signal);
    const condition = (type: string) => report.conditions.find((one) => one.type === type);
    return { condition, entry: report.areas[0]?.entries[0], records: [...ledger.memory('sysctls').keys()] };
  };
}

test('a change on trial is pending until the probe confirms it, and kept then', async () => {
  const host = new MemoryHost({ [KEPT]: 'old' });
  const round = await daemon(host);

  const trying = await round();
  expect(host.text(CANDIDATE)).toBe('new');
  expect(trying.entry).toMatchObject({ state: 'Pending', reason: 'AwaitingConfirmation' });
  expect(trying.condition('Ready')).toMatchObject({ status: 'False', reason: 'AwaitingConfirmation' });
  expect(trying.condition('Degraded')?.status).toBe('False');
  host.put(PROBE, 'good');
  await round();
  const { condition, records } = await round();

  expect([host.text(KEPT), host.text(CANDIDATE)]).toEqual(['new', undefined]);
  expect(condition('Ready')?.status).toBe('True');
  expect(records).toEqual([]);
});

test.each([
  ['the probe fails', async (host: MemoryHost) => host.put(PROBE, 'bad')],
  ['the trial expires', (host: MemoryHost) => host.removeFile(CANDIDATE)],
])('a change is undone when %s, and not tried again', async (_, happen) => {
  const host = new MemoryHost({ [KEPT]: 'old' });
  const round = await daemon(host);
  await round();

  await happen(host);
  await round();
  const { entry, records } = await (await daemon(host))();

  expect([host.text(KEPT), host.text(CANDIDATE)]).toEqual(['old', undefined]);
  expect(entry).toMatchObject({ state: 'Blocked', message: expect.stringContaining('undone') });
  expect(records).toEqual(['refused:new']);
});

test('another spec is tried although the one before was undone', async () => {
  const host = new MemoryHost({ [KEPT]: 'old', [PROBE]: 'bad' });
  const round = await daemon(host);
  await round();
  await round();

  host.put(PROBE, 'good');
  await round('newer');
  await round('newer');

  expect(host.text(KEPT)).toBe('newer');
});

test('a process that dies before the trial begins leaves it undone', async () => {
  const host = new MemoryHost({ [KEPT]: 'old' });
  await expect((await daemon(host, true))()).rejects.toThrow();

  await (await daemon(host))();

  expect([host.text(KEPT), host.text(CANDIDATE)]).toEqual(['old', undefined]);
});

test('a process that dies during the trial is followed by one that confirms it', async () => {
  const host = new MemoryHost({ [KEPT]: 'old' });
  await (await daemon(host))();

  host.put(PROBE, 'good');
  await (await daemon(host))();

  expect(host.text(KEPT)).toBe('new');
});

test('a process that dies between confirming and forgetting ends both', async () => {
  const host = new MemoryHost({ [KEPT]: 'old' });
  await (await daemon(host))();
  host.put(PROBE, 'good');
  host.failOn(2, new HostFileError('write', CANDIDATE, 'EIO', 'input/output error'));
  await (await daemon(host))();

  const { condition, records } = await (await daemon(host))();

  expect(host.text(KEPT)).toBe('new');
  expect(condition('Ready')?.status).toBe('True');
  expect(records).toEqual([]);
});
