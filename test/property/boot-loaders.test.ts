import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEntry } from '../../src/areas/boot-parameters/loaders/entries/boot-entry.ts';
import type { WantedWords } from '../../src/areas/boot-parameters/words.ts';
import { isUnwanted, wordsOf } from '../../src/areas/boot-parameters/words.ts';
import { BOOT_TREES, bootHost, bootLoadersOf, bootTree, writeEdit } from '../support/boot-trees.ts';

/** Of words that stand in trees, too, so that values are replaced and words taken out. */
const NAMES = ['cgroup_enable', 'cgroup_disable', 'hugepages', 'mitigations', 'x-y', 'quiet', 'net.ifnames', 'console'];
const word = fc
  .tuple(fc.constantFrom(...NAMES), fc.constantFrom('', '=memory', '=512', '=a,b:c/d'))
  .map((parts) => parts.join(''));
const wantedWords: fc.Arbitrary<WantedWords> = fc
  .tuple(fc.uniqueArray(word, { maxLength: 4, selector: (one) => one.split('=')[0] }), fc.array(word, { maxLength: 3 }))
  .map(([present, absent]) => ({
    present,
    absent: absent.filter((one) => !present.some((other) => isUnwanted(one, other))),
  }));
/** For each of some thirty trees. */
const RUNS = { numRuns: 20 };
/** Words of which no tree has any. */
const newWords = fc.uniqueArray(fc.constantFrom('np_a=1', 'np_b', 'np.c=x,y', 'np-d=0'), {
  minLength: 1,
  maxLength: 4,
});

/** A host after the edit, with its loader. */
async function afterEdit(tree: string, wanted: WantedWords, host = bootHost(tree)) {
  for (const { loader, state } of await bootLoadersOf(host)) writeEdit(host, loader.edit(state, wanted));
  return host;
}

describe.each(BOOT_TREES)('editing %s', (tree) => {
  test('twice is editing once', async () => {
    await fc.assert(
      fc.asyncProperty(wantedWords, async (wanted) => {
        const host = await afterEdit(tree, wanted);
        for (const { loader, state } of await bootLoadersOf(host)) expect(loader.edit(state, wanted).files).toEqual([]);
      }),
      RUNS,
    );
  });

  test('and taking the words back leaves every file byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(newWords, async (present) => {
        const host = await afterEdit(tree, { present, absent: [] });
        await afterEdit(tree, { present: [], absent: present }, host);
        for (const [path, contents] of Object.entries(bootTree(tree))) expect(host.text(path)).toBe(contents);
      }),
      RUNS,
    );
  });

  test('changes no other word of an entry, and no line but one', async () => {
    await fc.assert(
      fc.asyncProperty(wantedWords, async (wanted) => {
        const before = (await bootLoadersOf(bootHost(tree))).flatMap(({ state }) => state.entries);
        const host = await afterEdit(tree, wanted);
        const after = (await bootLoadersOf(host)).flatMap(({ state }) => state.entries);
        expect(after.map(({ title, line }) => [title, line])).toEqual(before.map(({ title, line }) => [title, line]));
        for (const [at, { commandLine }] of before.entries()) {
          expect(othersOf(after[at]?.commandLine ?? '')).toEqual(othersOf(commandLine));
        }
        for (const [path, contents] of Object.entries(bootTree(tree))) {
          expect(host.text(path)?.split('\n')).toHaveLength(contents.split('\n').length);
        }
      }),
      RUNS,
    );
  });
});

test('an entry of another shape is never lost', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parseEntry(text).options.length).toBeLessThanOrEqual(text.length);
    }),
  );
});

function othersOf(line: string): readonly string[] {
  return wordsOf(line).filter((one) => !NAMES.includes(one.split('=')[0] as string));
}
