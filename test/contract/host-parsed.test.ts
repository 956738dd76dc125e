/** What files say, parsed once: the same on every kind of host, and on what stands before one. */
import { describe, expect, test } from 'vitest';
import { withDeadline } from '../../src/host/deadline.ts';
import { createDraft } from '../../src/host/draft.ts';
import type { Host } from '../../src/host/host.ts';
import type { MemoryFiles } from '../../src/host/memory/memory-host.ts';
import { hosts } from '../support/hosts-alike.ts';

const all = [
  ...hosts,
  ...hosts.slice(0, 1).flatMap(({ name, create }) => [
    { name: `${name} with a deadline`, create: (files: MemoryFiles) => withDeadline(create(files), () => 1000) },
    { name: `a draft of ${name}`, create: (files: MemoryFiles) => createDraft(create(files)).host },
  ]),
];

describe.each(all)('$name', ({ create }) => {
  const host = (): Host => create({ '/etc/a': 'one two', '/etc/b': 'one two' });
  const words = (text: string, path: string) => ({ path, words: text.split(' ') });
  const letters = (text: string) => text.split('');

  test('gives one value while a file holds the same, and another when it does not', async () => {
    const at = host();

    const first = await at.parsed('/etc/a', words);
    expect(first).toEqual({ path: '/etc/a', words: ['one', 'two'] });
    expect(await at.parsed('/etc/a', words)).toBe(first);

    await at.writeFile('/etc/a', 'one');
    expect(await at.parsed('/etc/a', words)).toEqual({ path: '/etc/a', words: ['one'] });
  });

  test('keeps files, functions and encodings apart', async () => {
    const at = host();
    await at.writeFile('/etc/a', 'é');

    expect(await at.parsed('/etc/a', letters)).toEqual(['é']);
    expect(await at.parsed('/etc/a', letters, 'bytes')).toEqual(['\u00c3', '\u00a9']);
    expect(await at.parsed('/etc/a', words)).toEqual({ path: '/etc/a', words: ['é'] });
    expect((await at.parsed('/etc/b', words))?.path).toBe('/etc/b');
    expect(await at.parsed('/etc/a', letters)).toEqual(['é']);
  });

  test('has nothing to say of a file that is absent, or was removed', async () => {
    const at = host();
    await at.parsed('/etc/a', words);

    await at.removeFile('/etc/a');

    expect(await at.parsed('/etc/a', words)).toBeUndefined();
    expect(await at.parsed('/etc/none', words)).toBeUndefined();
  });

  test('forgets what has not been asked for since much else was', async () => {
    const at = host();
    const old = await at.parsed('/etc/a', words);
    const asked = await at.parsed('/etc/b', words);

    for (let n = 0; n < 20; n += 1) {
      await at.writeFile('/etc/large', `${n}${'x'.repeat(60_000)}`);
      await at.parsed('/etc/large', letters);
      expect(await at.parsed('/etc/b', words)).toBe(asked);
    }

    expect(await at.parsed('/etc/a', words)).not.toBe(old);
    expect(await at.parsed('/etc/a', words)).toEqual(old);
  });

  test('parses again what failed, or is too large to be kept', async () => {
    const at = host();
    const fails = () => {
      throw new Error('not this');
    };
    await expect(at.parsed('/etc/a', fails)).rejects.toThrow('not this');
    expect(await at.parsed('/etc/a', words)).toMatchObject({ words: ['one', 'two'] });

    await at.writeFile('/etc/a', 'x'.repeat(100_000));
    expect(await at.parsed('/etc/a', words)).not.toBe(await at.parsed('/etc/a', words));
  });
});
