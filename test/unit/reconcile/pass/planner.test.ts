import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { type Ledger, openLedger } from '../../../../src/reconcile/ledger/ledger.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import { createPlanner } from '../../../../src/reconcile/pass/planner.ts';
import { toyArea, toySpec } from '../../../support/toy-area.ts';

const now = () => new Date('2026-11-21T10:00:00Z');
const { signal } = new AbortController();

let host: MemoryHost;
let ledger: Ledger;

beforeEach(async () => {
  host = new MemoryHost({ '/toy/a': '1' });
  ledger = await openLedger(host, now);
});

describe('a planner', () => {
  it('gives the same plan while spec, host and ledger are as they were', async () => {
    const plan = createPlanner(toyArea());
    const spec = toySpec({ a: '2' });

    const first = await plan(spec, { host, ledger, signal });

    expect(await plan(spec, { host, ledger, signal })).toBe(first);
  });

  it('plans anew when the host shows something else', async () => {
    const plan = createPlanner(toyArea());
    const spec = toySpec({ a: '2' });
    await plan(spec, { host, ledger, signal });

    await host.writeFile('/toy/a', '3');

    expect((await plan(spec, { host, ledger, signal })).steps[0]?.changes[0].from).toBe('3');
  });

  it('plans anew for another spec, and for what is remembered since', async () => {
    const plan = createPlanner(toyArea());
    const spec = toySpec({ a: '2' });
    const first = await plan(spec, { host, ledger, signal });

    expect(await plan(toySpec({ a: '2' }), { host, ledger, signal })).not.toBe(first);

    const second = await plan(spec, { host, ledger, signal });
    await ledger.remember('sysctls', [{ key: 'live:a', original: { state: 'value', value: '1' } }]);
    expect(await plan(spec, { host, ledger, signal })).not.toBe(second);
  });
});

describe('passes that find nothing to do', () => {
  const context = () => ({ host, ledger, signal, clock: () => 0 });

  it('give one report, until something differs', async () => {
    const area = manage(toyArea());
    const spec = toySpec({ a: '1' });
    const first = await area.reconcile(spec, context());
    expect(await area.reconcile(spec, context())).toBe(first);

    await host.writeFile('/toy/a', '9');
    const corrected = await area.reconcile(spec, context());

    expect(corrected.applied.map((change) => change.target)).toEqual(['a']);
    expect(host.text('/toy/a')).toBe('1');
  });

  it('report drift of an audited host every time', async () => {
    const area = manage(toyArea());
    const spec = toySpec({ a: '2' }, { mode: 'Audit' });

    const reports = [await area.reconcile(spec, context()), await area.reconcile(spec, context())];

    expect(reports.map((report) => report.drift.length)).toEqual([1, 1]);
    expect(reports[0]).not.toBe(reports[1]);
  });
});
