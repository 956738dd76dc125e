import { describe, expect, it } from 'vitest';
import { parseDocuments } from '../../../../src/api/yaml/documents.ts';

const MEBIBYTE = 1024 * 1024;
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));
const only = (contents: Uint8Array | string) => {
  const { documents, problems } = parseDocuments('f.yaml', contents);
  expect(documents).toEqual([]);
  expect(problems).toHaveLength(1);
  return problems[0];
};

describe('parseDocuments', () => {
  it('reads the words off, no and yes as kubectl does, unless they are quoted', () => {
    const { documents } = parseDocuments('f', 'a: off\nb: No\nc: yes\nd: "yes"\ne: ~\nf: yEs\non: y\n');
    expect({ ...(documents[0]?.root.value as object) }).toEqual({
      ...{ a: false, b: false, c: true, d: 'yes', e: null, f: 'yEs', on: true },
    });
  });

  it('takes keys as names whatever they look like', () => {
    const { documents } = parseDocuments('f', '8021: a\ntrue: b\n0x10: c\nconstructor: d\ntoString: e\n');
    expect(Object.keys(documents[0]?.root.value as object)).toEqual([
      '8021',
      'true',
      '0x10',
      'constructor',
      'toString',
    ]);
  });

  it('gives maps no prototype, so that no key reaches one', () => {
    const { documents, problems } = parseDocuments('f', '{"__proto__": {"polluted": 1}, "a": {"__proto__": 2}}');
    expect(problems.map((problem) => problem.path)).toEqual(['__proto__', 'a.__proto__']);
    expect(Object.getPrototypeOf(documents[0]?.root.value)).toBeNull();
    expect((documents[0]?.root.value as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('counts lines and columns from one, also with Windows line ends and a byte order mark', () => {
    const text = '\ufeffa: 1\r\nb:\r\n  - c: x\r\n    c: y\r\n';
    expect(parseDocuments('f', text).problems).toEqual([
      { file: 'f', line: 4, column: 5, path: 'b[0].c', message: 'the field "c" is here twice; keep one of them' },
    ]);
  });

  it.each([
    ['empty', ''],
    ['only a byte order mark', '\ufeff'],
    ['only blanks', ' \n\n  \n'],
    ['only comments', '# a\n# b\n'],
    ['only separators', '---\n---\n...\n'],
    ['null', 'null\n'],
  ])('says that a file is empty when it is %s', (_, text) => {
    expect(only(text)?.message).toContain('the file is empty');
  });

  it.each([
    ['a stray byte', bytes('a: ', [0xff]), 'byte 0xff at offset 3', 1, 4],
    ['Latin-1', bytes('a: 1\nb: ', [0xe4], 'x\n'), 'byte 0xe4 at offset 8', 2, 4],
    ['a cut character', bytes('a: ', [0xe2, 0x82]), 'byte 0xe2 at offset 3', 1, 4],
    ['an overlong form', bytes([0xc0, 0xaf]), 'byte 0xc0 at offset 0', 1, 1],
    ['a surrogate', bytes([0xed, 0xa0, 0x80]), 'byte 0xed at offset 0', 1, 1],
    [
      'a byte of continuation after 100 kB',
      bytes('#'.repeat(100_000), [0x80]),
      'byte 0x80 at offset 100000',
      1,
      100_001,
    ],
  ])('gives the offset of %s', (_, contents, message, line, column) => {
    const problem = only(contents);
    expect(problem?.message).toContain(message);
    expect(problem).toMatchObject({ line, column });
  });

  it.each([
    ['little-endian UTF-16', bytes([0xff, 0xfe, 0x61, 0]), 'UTF-16'],
    ['big-endian UTF-16', bytes([0xfe, 0xff, 0, 0x61]), 'UTF-16'],
    ['UTF-16 without a mark', bytes('a\0:\0'), 'NUL'],
    ['more than a mebibyte', 'a'.repeat(MEBIBYTE + 1), '1048577 bytes'],
    ['more than a mebibyte of two-byte letters', 'ä'.repeat(MEBIBYTE / 2 + 1), '1048578 bytes'],
  ])('refuses %s', (_, contents, message) => {
    expect(only(contents)?.message).toContain(message);
  });

  it('reads a document of exactly one mebibyte', () => {
    const text = `a: ${'x'.repeat(MEBIBYTE - 3)}`;
    expect(parseDocuments('f', text).problems).toEqual([]);
  });

  it('reads 64 levels and refuses 65', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(parseDocuments('f', nested(64)).problems).toEqual([]);
    expect(only(nested(65))?.message).toContain('nested deeper than 64 levels');
  });

  it.each([
    ['brackets', '['.repeat(MEBIBYTE)],
    ['braces', '{a: '.repeat(MEBIBYTE / 4)],
    ['dashes', '- '.repeat(MEBIBYTE / 2)],
    ['complex keys', '? '.repeat(MEBIBYTE / 2)],
    ['compact maps', 'a: '.repeat(MEBIBYTE / 4)],
    ['documents', '---\n'.repeat(MEBIBYTE / 4)],
    ['closed documents', '--- a\n...\n'.repeat(100_000)],
    ['empty lines', '\n'.repeat(MEBIBYTE)],
    ['fields', Array.from({ length: 100_000 }, (_, index) => `a${index}:`).join('\n')],
    ['equal fields', 'a:\n'.repeat(300_000)],
    ['commas', `[${','.repeat(MEBIBYTE - 2)}]`],
    ['anchors', '- &a\n'.repeat(200_000)],
    ['aliases', '- *a\n'.repeat(200_000)],
    [
      'billion laughs',
      `a: &a [x]\n${'bcdefghij'.replaceAll(/./g, (name) => `${name}: &${name} [${`*${String.fromCodePoint((name.codePointAt(0) ?? 0) - 1)},`.repeat(9)}]\n`)}`,
    ],
  ])('gives up on a bomb of %s before it costs time or memory', { timeout: 30_000 }, (_, text) => {
    const { documents, problems } = parseDocuments('bomb', text);
    expect(documents).toEqual([]);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(100);
    expect(JSON.stringify(problems).length).toBeLessThan(50_000);
  });

  it('reads an asterisk or an ampersand in quotes as text', () => {
    expect(parseDocuments('f', 'a: "*x"\nb: "&y"\nc: 1 & 2 * 3\n').problems).toEqual([]);
  });

  it('keeps the good documents of a file beside a broken one', () => {
    const { documents, problems } = parseDocuments('f', 'a: 1\n---\nb: [}\n---\nc: 3\n');
    expect(documents.map((document) => Object.keys(document.root.value as object))).toEqual([['a'], ['c']]);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((problem) => problem.line === 3 || problem.line === 4)).toBe(true);
  });

  it('never repeats a megabyte in a message, nor a control character', () => {
    const long = 'x'.repeat(900_000);
    for (const text of [
      `a: !${long} b`,
      `a: &${long} b`,
      `%${long}\n---\n`,
      `"${long}": 1\n"${long}": 2\n`,
      `a: [\u0007`,
      `a: !\u001b[31m b`,
    ]) {
      const { problems } = parseDocuments('f', text);
      expect(problems.length).toBeGreaterThan(0);
      for (const problem of problems) {
        expect(problem.message.length + problem.path.length).toBeLessThan(500);
        expect(problem.message + problem.path).not.toMatch(/\p{Cc}/u);
      }
    }
  });
});
