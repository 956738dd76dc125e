/** Tables on narrow terminals: no line is broken by the terminal, and what tells rows apart stays. */
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { paintFor, renderTable, shortenEnd, shortenMiddle } from '../../../src/cli/output/table.ts';
import { runCli } from '../../../src/cli/run-cli.ts';
import type { Io } from '../../../src/cli/io.ts';

const HOST = resolve('test/support/hosts/debian-12/root');

/** What a command prints on a terminal of this width. */
async function linesOf(command: readonly string[], columns: number): Promise<string[]> {
  let out = '';
  const io: Io = {
    out: (text) => void (out += text),
    err: () => undefined,
    readStdin: async () => new Uint8Array(),
    color: false,
    columns,
    signal: new AbortController().signal,
    onHangup: () => () => undefined,
    exit: () => undefined,
  };
  await runCli([...command, '--root', HOST], io);
  return out.split('\n');
}

describe('on a terminal of 80 and of 100 columns', () => {
  it.each([
    ['plan', 80],
    ['plan', 100],
    ['status', 80],
    ['status', 100],
  ])('%s keeps every row of %i columns on one line', async (command, columns) => {
    const lines = await linesOf([command], columns);

    expect(lines.length).toBeGreaterThan(20);
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
  });

  it('tells parameters apart that differ at their end only', async () => {
    const rows = (await linesOf(['plan'], 80)).filter((line) => line.includes('net.bridge') && line.includes('live'));

    expect(new Set(rows).size).toBe(rows.length);
  });

  it('shows a new value in full when the old one does not fit', async () => {
    const fstab = (await linesOf(['plan'], 80)).find((line) => line.includes('/etc/fstab '));

    expect(fstab).toContain('→ commented out');
  });
});

describe('a table', () => {
  const paint = paintFor(false);
  const name = { column: 0, least: 6, shorten: shortenMiddle };

  it('is as wide as its cells when there is room', () => {
    expect(renderTable(['A', 'B'], [['one', 'two']], paint, 100, [name])).toBe('A    B\none  two');
  });

  it('never cuts a column below its least width, however narrow the terminal is', () => {
    expect(renderTable(['NAME', 'B'], [['abcdefghij', 'value']], paint, 5, [name])).toBe('NAME    B\nab…hij  value');
  });

  it('takes a terminal without a width for one of 80 columns', () => {
    const row = renderTable(['NAME', 'B'], [['x'.repeat(200), 'value']], paint, 0, [name]).split('\n')[1];

    expect(row).toHaveLength(80);
  });
});

describe.each([
  ['shortenMiddle', shortenMiddle],
  ['shortenEnd', shortenEnd],
])('%s', (_, shorten) => {
  it('leaves a text alone that fits', () => {
    expect(shorten('/etc/fstab', 10)).toBe('/etc/fstab');
  });

  it.each([1, 2, 3, 5, 9])('gives exactly %i characters of a longer one', (room) => {
    expect(shorten('/etc/fstab', room)).toHaveLength(room);
  });
});
