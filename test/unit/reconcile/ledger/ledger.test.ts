import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { LEDGER_PATH, openLedger, readLedger } from '../../../../src/reconcile/ledger/ledger.ts';

const now = () => new Date('2026-11-21T10:00:00Z');
const memo = (value: string, wrote: string) => ({ key: 'live:x', original: { state: 'value', value } as const, wrote });

describe('the ledger', () => {
  it('keeps the first original whatever is remembered later', async () => {
    const host = new MemoryHost();
    const ledger = await openLedger(host, now);

    await ledger.remember('sysctls', [memo('first', '1')]);
    await ledger.remember('sysctls', [memo('second', '2')]);

    const reopened = await openLedger(host, now);
    expect(reopened.memory('sysctls').get('live:x')?.original).toEqual({ state: 'value', value: 'first' });
  });

  it('remembers the last two values written, since a crash can leave either', async () => {
    const host = new MemoryHost();
    const ledger = await openLedger(host, now);

    for (const wrote of ['1', '2', '2', '3']) await ledger.remember('sysctls', [memo('0', wrote)]);

    expect(ledger.memory('sysctls').get('live:x')?.wrote).toEqual(['2', '3']);
  });

  it('joins what two steps of one plan say about the same thing', async () => {
    const ledger = await openLedger(new MemoryHost(), now);

    await ledger.remember('sysctls', [memo('0', '1'), { key: 'live:x', original: { state: 'unknown', why: 'lost' } }]);

    expect(ledger.memory('sysctls').get('live:x')).toMatchObject({
      original: { state: 'value', value: '0' },
      wrote: ['1'],
    });
  });

  it('is not waited for when a value goes back to its original, of which nothing could be lost', async () => {
    const host = new MemoryHost();
    const ledger = await openLedger(host, now);
    await ledger.remember('sysctls', [{ key: 'live:x', original: { state: 'value', value: '1' } }]);
    const before = host.text(LEDGER_PATH);

    await ledger.remember('sysctls', [memo('9', '1')]);
    expect(host.text(LEDGER_PATH)).toBe(before);
    expect(ledger.memory('sysctls').get('live:x')?.wrote).toEqual(['1']);

    await ledger.settle();
    expect((await readLedger(host)).memory('sysctls').get('live:x')).toMatchObject({
      original: { state: 'value', value: '1' },
      wrote: ['1'],
    });
  });

  it('is on disk before a value that was written becomes another one', async () => {
    const host = new MemoryHost();
    const ledger = await openLedger(host, now);
    await ledger.remember('sysctls', [memo('1', '2')]);

    await ledger.remember('sysctls', [memo('1', '1')]);

    expect((await readLedger(host)).memory('sysctls').get('live:x')?.wrote).toEqual(['2', '1']);
  });

  it('does not write when nothing is new', async () => {
    const host = new MemoryHost();
    const ledger = await openLedger(host, now);
    await ledger.remember('sysctls', []);
    await ledger.forget('modules', ['unknown']);

    expect(host.text(LEDGER_PATH)).toBeUndefined();
  });

  it('forgets only what it is told to', async () => {
    const host = new MemoryHost();
    const ledger = await openLedger(host, now);
    await ledger.remember('sysctls', [memo('0', '1'), { ...memo('0', '1'), key: 'live:y' }]);

    await ledger.forget('sysctls', ['live:x']);

    expect([...(await openLedger(host, now)).memory('sysctls').keys()]).toEqual(['live:y']);
  });

  it.each([
    ['truncated', '{"kind":"Ledger","version":1,"areas":{"sys'],
    ['empty', ''],
    ['from a newer version', '{"kind":"Ledger","version":2,"areas":{}}'],
    ['not a ledger', '[1,2]'],
    ['something else', '{"kind":"LastGoodSpec","version":1}'],
  ])('keeps a file that is %s aside, byte for byte, and says so', async (_, content) => {
    const host = new MemoryHost({ [LEDGER_PATH]: content });

    const ledger = await openLedger(host, now);

    const aside = `${LEDGER_PATH}.unusable-20261121T100000Z`;
    expect(host.text(aside)).toBe(content);
    expect(host.text(LEDGER_PATH)).toBeUndefined();
    expect(ledger.warning).toContain(aside);
  });

  it('never overwrites what was kept aside before', async () => {
    const host = new MemoryHost({ [LEDGER_PATH]: 'one' });
    await openLedger(host, now);
    host.put(LEDGER_PATH, 'two');
    await openLedger(host, now);

    const kept = [...host.nodes.keys()].filter((path) => path.includes('unusable')).map((path) => host.text(path));
    expect(kept.toSorted()).toEqual(['one', 'two']);
  });

  it('keeps malformed entries as they are through every write, and names them', async () => {
    const odd = { a: { key: 'a' }, b: 7, ['__proto__x']: [] };
    const content = { kind: 'Ledger', version: 1, areas: { sysctls: odd, swap: ['x'], constructor: 'y' } };
    const host = new MemoryHost({ [LEDGER_PATH]: JSON.stringify(content) });

    const first = await openLedger(host, now);
    await first.remember('sysctls', [memo('0', '1'), { ...memo('0', '1'), key: 'a' }]);
    expect([...first.memory('sysctls').keys()]).toEqual(['live:x', 'a']);
    const second = await openLedger(host, now);
    await second.forget('sysctls', ['live:x', 'a']);

    expect(first.warning).toContain('5 entries that are no originals ("a", "b"');
    expect(second.warning).toContain('5 entries');
    expect(JSON.parse(host.text(LEDGER_PATH) ?? '').unreadable).toEqual([
      { area: 'sysctls', key: 'a', entry: { key: 'a' } },
      { area: 'sysctls', key: 'b', entry: 7 },
      { area: 'sysctls', key: '__proto__x', entry: [] },
      { area: 'swap', entry: ['x'] },
      { area: 'constructor', entry: 'y' },
    ]);
  });

  it.each(['__proto__', 'constructor', 'length', 'toString', 'hasOwnProperty'])(
    'takes an area and a key named %s like any other',
    async (name) => {
      const entry = { key: name, original: { state: 'absent' }, wrote: [], since: 's', changed: 's' };
      const text = `{"kind":"Ledger","version":1,"areas":{"${name}":{"${name}":${JSON.stringify(entry)},"x":1}}}`;
      const host = new MemoryHost({ [LEDGER_PATH]: text });

      await (await openLedger(host, now)).remember('sysctls', [memo('0', '1')]);

      const written = new Map(Object.entries(JSON.parse(host.text(LEDGER_PATH) ?? '').areas));
      expect(new Map(Object.entries(written.get(name) as object)).get(name)).toEqual(entry);
    },
  );

  it('takes back what was set aside and can be used again, with the first originals', async () => {
    const original = (value: string, since: string, wrote: string[]) => ({
      key: 'live:x',
      original: { state: 'value', value },
      wrote,
      since,
      changed: since,
    });
    const ledger = (x: object, more: object = {}) =>
      JSON.stringify({ kind: 'Ledger', version: 1, areas: { sysctls: { 'live:x': x, ...more } } });
    const aside = `${LEDGER_PATH}.unusable-20261101T000000Z`;
    const host = new MemoryHost({
      [aside]: ledger(original('0', '2026-10-01', ['1']), { 'live:y': original('5', '2026-10-02', []) }),
      [`${LEDGER_PATH}.unusable-20261102T000000Z`]: '{"kind":"Ledger","version":9,"areas":{}}',
      [LEDGER_PATH]: ledger(original('1', '2026-11-01', ['2'])),
    });

    const opened = await openLedger(host, now);

    for (const { memory } of [opened, await readLedger(host)]) {
      expect(memory('sysctls').get('live:x')).toMatchObject({
        original: { state: 'value', value: '0' },
        wrote: ['1', '2'],
        since: '2026-10-01',
        changed: '2026-11-01',
      });
      expect(memory('sysctls').get('live:y')?.original).toEqual({ state: 'value', value: '5' });
    }
    expect(opened.warning).toContain(`${aside} can be used by this version`);
    expect((await openLedger(host, now)).warning).toBeUndefined();
    expect([...host.nodes.keys()].filter((path) => path.includes('unusable'))).toHaveLength(1);
  });

  it('keeps what was set aside until it is in the ledger on disk', async () => {
    const host = new MemoryHost({
      [`${LEDGER_PATH}.unusable-1`]: JSON.stringify({ kind: 'Ledger', version: 1, areas: {} }),
    });
    host.failOn(1, new Error('no space is left'));

    await expect(openLedger(host, now)).rejects.toThrow('no space');

    expect(host.text(`${LEDGER_PATH}.unusable-1`)).toBeDefined();
  });

  it('leaves everything where it is when it is only read', async () => {
    const host = new MemoryHost({ [LEDGER_PATH]: 'broken' });
    const before = host.toString();

    expect((await readLedger(host)).warning).toContain('not JSON');
    expect(host.toString()).toBe(before);
  });
});
