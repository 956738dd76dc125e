import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderProblem, SpecInvalidError } from '../../../src/api/yaml/errors.ts';
import { loadSpec } from '../../../src/api/spec/load.ts';
import { verdictDocuments } from '../../support/verdict-documents.ts';

const DIRECTORY = new URL('../../support/documents/', import.meta.url);

function documentsIn(kind: 'good' | 'bad'): string[] {
  return readdirSync(new URL(`${kind}/`, DIRECTORY)).filter((name) => name.endsWith('.yaml'));
}

function load(kind: 'good' | 'bad', file: string) {
  return loadSpec([{ file, contents: readFileSync(new URL(`${kind}/${file}`, DIRECTORY)) }]);
}

describe('documents of the corpus', () => {
  it('has documents of both kinds', () => {
    expect(documentsIn('good').length).toBeGreaterThan(5);
    expect(documentsIn('bad').length).toBeGreaterThan(15);
  });

  it.each(documentsIn('good'))('accepts %s', (file) => {
    expect(() => load('good', file)).not.toThrow();
  });

  // The expected problems stand beside each document, one per line, as `validate` prints them.
  it.each(documentsIn('bad'))('reports every mistake of %s with its place', (file) => {
    const expected = readFileSync(new URL(`bad/${file.replace('.yaml', '.problems')}`, DIRECTORY), 'utf8');

    let caught: unknown;
    try {
      load('bad', file);
    } catch (error) {
      caught = error;
    }

    expect(caught).toBeInstanceOf(SpecInvalidError);
    const { problems } = caught as SpecInvalidError;
    expect(problems.map(renderProblem).join('\n')).toBe(expected.trimEnd());
  });

  // The API server must say the same; test/apiserver/verdict.test.ts asks it.
  it.each(verdictDocuments())('of which one mistake decides are $verdict: $name', ({ name, text, verdict }) => {
    const check = expect(() => loadSpec([{ file: name, contents: text }]));

    if (verdict === 'accepted') check.not.toThrow();
    else check.toThrow(SpecInvalidError);
  });
});
