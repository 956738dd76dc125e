import { expect, test } from 'vitest';
import { readStdin } from '../../../src/cli/read-stdin.ts';

async function* pieces(...contents: readonly Uint8Array[]) {
  yield* contents;
}

test('standard input is all of its pieces', async () => {
  expect(await readStdin(pieces(Buffer.from('spec'), Buffer.from(': {}')))).toEqual(Buffer.from('spec: {}'));
  expect(await readStdin(pieces())).toHaveLength(0);
});

test('standard input without an end is refused and not kept in memory', async () => {
  let read = 0;
  async function* endless() {
    for (;;) {
      read += 1;
      yield Buffer.alloc(1024 * 1024);
    }
  }

  await expect(readStdin(endless())).rejects.toThrow(/standard input: it is larger than 16 MiB/);

  expect(read).toBe(17);
});
