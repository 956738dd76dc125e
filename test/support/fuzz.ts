/** Hostile input, and how long it is tried: `FUZZ_SECONDS` (60) for all properties together, again with `FUZZ_SEED`. */
import fc from 'fast-check';
import { expect } from 'vitest';

const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 60);
const SEED = Number(process.env['FUZZ_SEED']);
/** Processor time of one input; none is larger than some kilobytes. */
const MOST_CPU_MS = 3000;
const MOST_HEAP = 512 * 1024 * 1024;

/** Tries a property for its share of the time; an input that takes too much time or memory fails it, too. */
export async function holds<T>(
  share: number,
  input: fc.Arbitrary<T>,
  property: (value: T) => void | Promise<void>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(input, async (value) => {
      const before = process.cpuUsage();
      await property(value);
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1000).toBeLessThan(MOST_CPU_MS);
    }),
    {
      seed: SEED,
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: Math.ceil(SECONDS * 1000 * share),
      markInterruptAsFailure: false,
    },
  );
  expect(process.memoryUsage().heapUsed).toBeLessThan(MOST_HEAP);
}

/** Names that every object of JavaScript has already. */
export const INHERITED = [
  '__proto__',
  'constructor',
  'length',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'then',
  'toJSON',
];

/** Data as JSON or YAML can hold it, with keys in any number and any name. */
export type Tree =
  | { readonly word: string }
  | readonly Tree[]
  | { readonly fields: readonly (readonly [string, Tree])[] };

/** Values that JSON knows as well. */
const JSON_WORDS = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-1',
    '1',
    '2147483648',
    '9007199254740993',
    '1e400',
    '-0',
    '""',
    '" "',
    '"\\ud800"',
  ],
  ...[
    '"\\u0000"',
    '"\\u2028"',
    '"a.b"',
    '"1 2"',
    '"../../etc"',
    '"99999999999999999999999999"',
    `"${'a'.repeat(300)}"`,
  ],
  ...INHERITED.map((name) => `"${name}"`),
];
const YAML_WORDS = [
  ...[
    '.inf',
    '-.inf',
    '.nan',
    'NaN',
    'Infinity',
    '2001-01-01',
    '2001-12-14t21:59:43.10-05:00',
    '0x10',
    '0o7',
    '1_000',
    '~',
  ],
  ...[
    '!!binary aGk=',
    '!!set {a}',
    '!!timestamp 2001-01-01',
    '!<tag:x> 1',
    '&a 1',
    '*a',
    '<<',
    'yes',
    '1:30',
    '?',
    '|',
    '>-',
  ],
];
const KEYS = [
  ...INHERITED,
  '<<',
  '',
  'name',
  'value',
  'spec',
  'sysctls',
  'modules',
  'swap',
  'parameters',
  'match',
  '\ud800',
];

/** A tree of hostile parts; `yaml` adds what only YAML has. */
export function hostileTree(yaml: boolean): fc.Arbitrary<Tree> {
  const word = fc.constantFrom(...JSON_WORDS, ...(yaml ? YAML_WORDS : [])).map((text): Tree => ({ word: text }));
  return fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      word,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.array(fc.tuple(fc.constantFrom(...KEYS), tie('tree')), { maxLength: 4 }).map((fields): Tree => ({ fields })),
    ),
  })).tree;
}

/** Plain data as a tree. */
export function treeFrom(value: unknown): Tree {
  if (Array.isArray(value)) return value.map(treeFrom);
  if (typeof value !== 'object' || value === null) return { word: JSON.stringify(value) ?? 'null' };
  return { fields: Object.entries(value).map(([key, part]) => [key, treeFrom(part)] as const) };
}

/** The tree with hostile parts in the place of some of its own, beside them, or under another name. */
export function mutated(base: fc.Arbitrary<Tree>, yaml: boolean): fc.Arbitrary<Tree> {
  const change = fc.record({
    at: fc.nat(200),
    how: fc.constantFrom<Mutation['how']>('replace', 'add', 'rename', 'repeat'),
    key: fc.constantFrom(...KEYS),
    tree: hostileTree(yaml),
  });
  return fc
    .tuple(base, fc.array(change, { maxLength: 4 }))
    .map(([tree, changes]) =>
      changes.reduce((before, one) => changedAt(before, { ...one, left: one.at % (size(before) || 1) }), tree),
    );
}

interface Mutation {
  readonly how: 'replace' | 'add' | 'rename' | 'repeat';
  readonly key: string;
  readonly tree: Tree;
  left: number;
}

function size(tree: Tree): number {
  if ('word' in tree) return 1;
  const parts: readonly Tree[] = 'fields' in tree ? tree.fields.map(([, part]) => part) : tree;
  return 1 + parts.map(size).reduce((sum, one) => sum + one, 0);
}

/** Walks in order and changes the node whose number is reached. */
function changedAt(tree: Tree, mutation: Mutation): Tree {
  if (mutation.left === 0) {
    mutation.left = -1;
    return changed(tree, mutation);
  }
  mutation.left -= 1;
  if ('word' in tree) return tree;
  if ('fields' in tree) return { fields: tree.fields.map(([key, part]) => [key, changedAt(part, mutation)] as const) };
  return tree.map((part) => changedAt(part, mutation));
}

function changed(tree: Tree, { how, key, tree: other }: Mutation): Tree {
  if (how === 'replace' || 'word' in tree) return other;
  if ('fields' in tree) {
    if (how === 'rename')
      return { fields: tree.fields.map(([own, part], at) => [at === 0 ? key : own, part] as const) };
    return { fields: [...tree.fields, how === 'repeat' ? (tree.fields[0] ?? [key, other]) : [key, other]] };
  }
  return [...tree, how === 'repeat' ? (tree[0] ?? other) : other];
}

/** The tree as JSON, which is YAML in one line as well. */
export function textOf(tree: Tree): string {
  if ('word' in tree) return tree.word;
  if (!('fields' in tree)) return `[${tree.map(textOf).join(', ')}]`;
  return `{${tree.fields.map(([key, part]) => `${JSON.stringify(key)}: ${textOf(part)}`).join(', ')}}`;
}

/** Text made of pieces that mean something to a parser, whole lines and any bytes between them. */
export function hostileText(pieces: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...pieces) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(' ', '\t', '\n', '\r\n', '\0', '\\', '=', '#', '"', '[', '*', '-', '\u00ff', '0', '1'),
    },
    { weight: 1, arbitrary: fc.constantFrom(...INHERITED) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  );
  return fc
    .tuple(fc.array(piece, { maxLength: 80 }), fc.constantFrom(1, 1, 1, 1, 50))
    .map(([parts, times]) => parts.join('').repeat(times));
}
