import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { misplacedLine } from '../../../../src/api/yaml/indentation.ts';

const DOCUMENTS = new URL('../../../support/documents/', import.meta.url);

describe('misplacedLine', () => {
  it.each(['good', 'verdicts/accepted'])('finds nothing wrong in the documents of %s', (folder) => {
    for (const name of readdirSync(new URL(`${folder}/`, DOCUMENTS))) {
      const text = new TextDecoder().decode(readFileSync(new URL(`${folder}/${name}`, DOCUMENTS)));
      expect(misplacedLine(text), name).toBeUndefined();
    }
  });

  it('names lines of the file from a later document, and keeps the words of its author', () => {
    const first = 'a: 1\n---\n';

    expect(misplacedLine(`${first}a on line 1 b: 1\n  c: 2\n`, first.length)).toMatchObject({
      line: 4,
      at: first.length + 'a on line 1 b: 1\n  '.length,
      message: expect.stringContaining('"c" is indented by 2 spaces, and "a on line 1 b" on line 3 by none'),
    });
  });

  it.each([
    ['a:\n   - b: 1\n  - c: 2\n', 3],
    ['x:\n  a:\n   - b: 1\n  - c: 2\n', 4],
    ['x:\n  a:\n    - b: 1\n      c: 2\n  - d\n', 5],
  ])('names the entry that is beside its list: %j', (text, line) => {
    expect(misplacedLine(text)).toMatchObject({ line, message: expect.stringContaining('the entries of a list') });
  });

  it.each([
    ['entries in the column of their field', 'a:\n- b: 1\n  c: 2\n- b: 3\nd:\n'],
    ['a block of text with lines like fields', 'a: |\n   b: 1\n     c: 2\nd: 1\n'],
    ['a text that goes on in the next line', 'a: b\n  c d\ne: 1\n'],
    ['lists in lists', '- - a: 1\n    b: 2\n  - a: 3\n- - c\n'],
    ['comments in any column', 'a:\n      # x\n  b: 1\n # y\n  c: 2\n'],
  ])('takes %s for right', (_, text) => {
    expect(misplacedLine(text)).toBeUndefined();
  });
});
