/** Facts about the host, which tables show and no correction waits for. */
import { expect, test } from 'vitest';
import { sysctls } from '../../../../src/areas/sysctls/index.ts';
import { openLedger } from '../../../../src/reconcile/ledger/ledger.ts';
import { createEngine } from '../../../../src/reconcile/loop/engine.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import { kernelHost, live, sysctlsSpec } from '../../../support/sysctls-pass.ts';

const KEY = 'net.core.somaxconn';

test('facts are read after the host is as declared, and shown', async () => {
  const host = kernelHost({ [KEY]: '128' });
  const seen: string[] = [];
  const now = () => new Date(0);
  const facts = async () => {
    seen.push(live(host, KEY) ?? '');
    return { kernel: '6.1.0' };
  };
  const ledger = await openLedger(host, now);
  const engine = createEngine({ areas: [manage(sysctls)], host, ledger, clock: () => 0, now, facts });
  const snapshot = { name: 'n', generation: 1, spec: sysctlsSpec([[KEY, '1024']]), source: {} };

  const signal = new AbortController().signal;
  const first = await engine.round({ snapshot, cause: 'start' }, signal);
  const second = await engine.round({ snapshot, cause: 'resync' }, signal);

  expect(seen).toEqual(['1024']);
  expect([first.status.node, second.status.node]).toEqual([{ kernel: '6.1.0' }, { kernel: '6.1.0' }]);
});

test('facts of an area are read anew with every look at it', async () => {
  const host = kernelHost({ [KEY]: '1024' });
  const now = () => new Date(0);
  let runtime = 'containerd 1.6.20';
  const facts = async () => ({ runtime });
  const ledger = await openLedger(host, now);
  const area = { ...manage(sysctls), facts };
  const engine = createEngine({ areas: [area], host, ledger, clock: () => 0, now, facts });
  const snapshot = { name: 'n', generation: 1, spec: sysctlsSpec([[KEY, '1024']]), source: {} };
  const signal = new AbortController().signal;

  const first = await engine.round({ snapshot, cause: 'start' }, signal);
  runtime = 'containerd 1.7.24';
  const second = await engine.round({ snapshot, cause: 'resync' }, signal);

  const shown = [first, second].map(({ status }) => status.node?.runtime);
  expect(shown).toEqual(['containerd 1.6.20', 'containerd 1.7.24']);
});
