import { describe, expect, it } from 'vitest';
import { HostFileError } from '../../../../src/host/errors.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { LEDGER_PATH, openLedger } from '../../../../src/reconcile/ledger/ledger.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import type { PassContext } from '../../../../src/reconcile/pass/context.ts';
import { toyArea, type ToyOptions, toySpec } from '../../../support/toy-area.ts';

const now = () => new Date('2026-11-21T10:00:00Z');

async function passOver(
  host: MemoryHost,
  spec = toySpec({ a: '1', b: '2' }),
  options: ToyOptions = {},
  more: Partial<PassContext> = {},
) {
  const ledger = await openLedger(host, now);
  const context: PassContext = { host, ledger, signal: new AbortController().signal, clock: () => 0, ...more };
  return { ledger, report: await manage(toyArea(options)).reconcile(spec, context) };
}

describe('a pass', () => {
  it('applies what differs and leaves nothing to do', async () => {
    const host = new MemoryHost({ '/toy/a': '1', '/toy/b': '9' });

    const { report } = await passOver(host);

    expect(host.text('/toy/b')).toBe('2');
    expect(report.applied.map((change) => change.target)).toEqual(['b']);
    expect(report.remaining).toEqual([]);
    expect(report.entries.map((entry) => entry.state)).toEqual(['InSync', 'InSync']);
  });

  it('has the original on disk before the first change', async () => {
    const host = new MemoryHost({ '/toy/a': 'old' });
    // The ledger write counts twice (temporary file, rename); the third change is the first of the area.
    host.failOn(3, new HostFileError('write', '/toy/a', 'EIO', 'input/output error'));

    await passOver(host, toySpec({ a: '1' }));

    expect(host.text('/toy/a')).toBe('old');
    expect(JSON.parse(host.text(LEDGER_PATH) ?? '').areas.sysctls['live:a'].original).toEqual({
      state: 'value',
      value: 'old',
    });
  });

  it('changes nothing when the ledger cannot be written', async () => {
    const host = new MemoryHost({ '/toy/a': 'old' });
    host.failOn(1, new HostFileError('write', LEDGER_PATH, 'ENOSPC', 'the disk is full'));

    const { report } = await passOver(host, toySpec({ a: '1' }));

    expect(host.text('/toy/a')).toBe('old');
    expect(report.failures[0]?.message).toContain('the disk is full');
    expect(report.error).toBeDefined();
  });

  it('goes on with other entries after one failed', async () => {
    const host = new MemoryHost({ '/toy/a': '0', '/toy/b': '0' });

    const { report } = await passOver(host, undefined, { failOn: new Set(['a']) });

    expect(host.text('/toy/b')).toBe('2');
    expect(report.entries.map((entry) => [entry.name, entry.state])).toEqual([
      ['a', 'Failed'],
      ['b', 'InSync'],
    ]);
  });

  it('leaves out the rest of a chain after its first failure', async () => {
    const host = new MemoryHost({ '/toy/a': '0', '/toy/b': '0' });

    await passOver(host, undefined, { failOn: new Set(['a']), chain: 'one' });

    expect(host.text('/toy/b')).toBe('0');
  });

  it('leaves out what needs a step that has failed, and nothing else', async () => {
    const host = new MemoryHost({ '/toy/a': '0', '/toy/b': '0', '/toy/c': '0' });

    await passOver(host, toySpec({ a: '1', b: '2', c: '3' }), { failOn: new Set(['a']), needs: { b: 'a' } });

    expect([host.text('/toy/b'), host.text('/toy/c')]).toEqual(['0', '3']);
  });

  it('leaves out what needs a step that is held off', async () => {
    const host = new MemoryHost({ '/toy/a': '0', '/toy/b': '0', '/toy/c': '0' });
    const finding = { target: 'a', reason: 'Contested' as const, message: 'fight' };

    await passOver(
      host,
      toySpec({ a: '1', b: '2', c: '3' }),
      { needs: { b: 'a' } },
      { holdOff: (_, change) => (change.target === 'a' ? finding : undefined) },
    );

    expect([host.text('/toy/b'), host.text('/toy/c')]).toEqual(['0', '3']);
  });

  it.each(['Audit', 'Paused'] as const)('changes nothing in mode %s, not even the ledger', async (mode) => {
    const host = new MemoryHost({ '/toy/a': '0' });
    const before = host.toString();

    const { report } = await passOver(host, toySpec({ a: '1' }, { mode }));

    expect(host.toString()).toBe(before);
    expect(report.remaining.length).toBe(mode === 'Audit' ? 1 : 0);
  });

  it('lets the mode of an area win over the mode of the spec', async () => {
    const host = new MemoryHost({ '/toy/a': '0' });

    await passOver(host, toySpec({ a: '1' }, { mode: 'Enforce', areaModes: { sysctls: 'Audit' } }));

    expect(host.text('/toy/a')).toBe('0');
  });

  it.each(['Reboot', 'Drain'] as const)('never does what disturbs as much as %s', async (disruption) => {
    const host = new MemoryHost({ '/toy/a': '0' });

    const { report } = await passOver(host, toySpec({ a: '1' }), { disruption });

    expect(host.text('/toy/a')).toBe('0');
    expect(report.deferred.map(({ change }) => change.target)).toEqual(['a']);
    expect(report.remaining).toEqual([]);
  });

  it('defers live changes to the next boot where the kernel is not running', async () => {
    const host = new MemoryHost({ '/toy/a': '0' }, { kernel: 'captured' });

    const { report } = await passOver(host, toySpec({ a: '1' }));

    expect(host.text('/toy/a')).toBe('0');
    expect(report.deferred).toMatchObject([{ change: { target: 'a' }, reason: 'NextBoot' }]);
    expect(report.entries[0]?.state).toBe('Pending');
  });

  it('shows what is held off as conflicting and does not touch it', async () => {
    const host = new MemoryHost({ '/toy/a': '0', '/toy/b': '0' });
    const finding = { target: 'a', reason: 'Contested' as const, message: 'fight' };

    const { report } = await passOver(
      host,
      undefined,
      {},
      { holdOff: (_, change) => (change.target === 'a' ? finding : undefined) },
    );

    expect(host.text('/toy/a')).toBe('0');
    expect(host.text('/toy/b')).toBe('2');
    expect(report.contested).toEqual([finding]);
    expect(report.entries[0]?.state).toBe('Conflicting');
  });

  it('forgets spent records without a step, and shows no change', async () => {
    const host = new MemoryHost({ '/toy/a': '0' });
    await passOver(host, toySpec({ a: '1' }));

    const { report, ledger } = await passOver(host, toySpec({ a: '1' }), { spent: ['live:a'] });

    expect([...ledger.memory('sysctls').keys()]).toEqual([]);
    expect([report.drift, report.applied, report.remaining]).toEqual([[], [], []]);
  });

  it('keeps spent records until every persistent step is done', async () => {
    const host = new MemoryHost({ '/toy/a': '0', '/toy/b': '0' });
    await passOver(host, toySpec({ a: '1' }));
    const failing = { spent: ['live:a'], scope: 'persistent', failOn: new Set(['b']) } as const;

    const failed = await passOver(host, toySpec({ a: '1', b: '2' }), failing);
    const kept = [...failed.ledger.memory('sysctls').keys()];
    const { ledger } = await passOver(host, toySpec({ a: '1', b: '2' }), { ...failing, failOn: new Set() });

    expect(kept).toContain('live:a');
    expect([...ledger.memory('sysctls').keys()]).toEqual(['live:b']);
  });

  it('keeps spent records while it only looks', async () => {
    const host = new MemoryHost({ '/toy/a': '0' });
    await passOver(host, toySpec({ a: '1' }));

    const { ledger } = await passOver(host, toySpec({ a: '1' }, { mode: 'Audit' }), { spent: ['live:a'] });

    expect([...ledger.memory('sysctls').keys()]).toEqual(['live:a']);
  });

  it('calls a bug in a step an internal error, with its stack', async () => {
    const host = new MemoryHost({ '/toy/a': '0' });
    const bug = new TypeError('x is not a function');

    const { report } = await passOver(host, toySpec({ a: '1' }), { bug });

    expect(report.failures).toMatchObject([{ target: 'a', reason: 'InternalError' }]);
    expect(report.failures[0]?.transient).toBeUndefined();
    expect(report.defects).toEqual([bug]);
  });

  it('knows nothing of an area that cannot be read', async () => {
    const unreadable = new HostFileError('read', '/proc/x', 'EACCES', 'permission denied');

    const { report } = await passOver(new MemoryHost(), toySpec({ a: '1' }), { unreadable });

    expect(report).toMatchObject({ isUnseen: true, failures: [{ reason: 'PermissionDenied' }] });
    expect(report.defects).toBeUndefined();
  });

  it('stops when it is aborted instead of reporting a failure', async () => {
    const host = new MemoryHost({ '/toy/a': '0' });

    await expect(passOver(host, toySpec({ a: '1' }), {}, { signal: AbortSignal.abort() })).rejects.toThrow();
  });
});
