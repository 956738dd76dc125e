import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonFrom, linesOf, textOf } from '../../../../src/kubernetes/transport/body.ts';

const bodyOf = (chunks: readonly Buffer[]) => Readable.from(chunks, { objectMode: true });
async function collect(body: Readable): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(body, () => {})) lines.push(line);
  return lines;
}

function cutAt(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

describe('the lines of a watch', () => {
  test('are the same however they arrive', async () => {
    const line = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => text.trim() !== '' && !text.includes('\n'));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(''));

        expect(await collect(bodyOf(cutAt(bytes, cuts)))).toEqual(lines);
      }),
    );
  });

  test('leave out what was cut off', async () => {
    expect(await collect(bodyOf([Buffer.from('{"a":1}\n{"b"')]))).toEqual(['{"a":1}']);
  });

  test('leave out empty ones', async () => {
    expect(await collect(bodyOf([Buffer.from('\n\r\na\n\n')]))).toEqual(['a']);
  });

  test('are not collected without end when no newline comes', async () => {
    let sent = 0;
    const endless = new Readable({
      read() {
        sent += 1 << 20;
        this.push(Buffer.alloc(1 << 20, 'x'));
      },
    });

    await expect(collect(endless)).rejects.toThrow('a line of the watch has more than 8 MB');

    expect(sent).toBeLessThan(12 << 20);
    expect(endless.destroyed).toBe(true);
  });
});

describe('the text of an answer', () => {
  test('is whole, also when a character is in two pieces', async () => {
    const bytes = Buffer.from('Größe');

    expect(await textOf(bodyOf([bytes.subarray(0, 3), bytes.subarray(3)]))).toBe('Größe');
  });

  test('has an upper limit', async () => {
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(1 << 20, 'x'));
      },
    });

    await expect(textOf(endless)).rejects.toThrow('the answer has more than 8 MB');

    expect(endless.destroyed).toBe(true);
  });
});

test('an answer that is not JSON is shown in part, with nothing that a terminal would obey', () => {
  expect(() => jsonFrom(`<html>\u001b[31m${'x'.repeat(5000)}`)).toThrow(
    /^the answer is not JSON but "<html>\\u\{1b\}\[31mx+…"$/,
  );
});
