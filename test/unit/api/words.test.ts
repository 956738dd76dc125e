import { describe, expect, it } from 'vitest';
import { type Problem, renderProblem, SpecInvalidError } from '../../../src/api/yaml/errors.ts';
import { renderFieldPath } from '../../../src/api/yaml/field-path.ts';
import { didYouMean, nearest } from '../../../src/api/yaml/nearest.ts';
import { plainText, quoted } from '../../../src/api/yaml/quote.ts';

describe('quoted', () => {
  it.each([
    ['plain', '"plain"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['a\nb\tc\0', '"a\\nb\\tc\\0"'],
    ['\u001b[31m', '"\\u{1b}[31m"'],
    ['\u202e\u2028', '"\\u{202e}\\u{2028}"'],
    ['\ud800', '"\\u{d800}"'],
    ['ä😀', '"ä😀"'],
  ])('shows %j without anything a terminal could interpret', (text, shown) => {
    expect(quoted(text)).toBe(shown);
  });

  it('cuts a long text and says how long it is', () => {
    expect(quoted('x'.repeat(1_000_000))).toBe(`"${'x'.repeat(60)}"… (1000000 characters)`);
    expect(quoted(`${'x'.repeat(59)}😀y`).isWellFormed()).toBe(true);
  });

  it('has a form without quotes', () => {
    expect(plainText('a\u0007b', 10)).toBe('a\\u{7}b');
    expect(plainText('abc', 2)).toBe('ab…');
  });
});

describe('nearest', () => {
  it.each([
    ['profil', 'profile'],
    ['areamodes', 'areaModes'],
    ['deletion-policy', 'deletionPolicy'],
    ['sysctl', 'sysctls'],
    ['xyz', undefined],
    ['', undefined],
    ['s'.repeat(1000), undefined],
  ])('finds for %j the field that was meant', (word, meant) => {
    expect(nearest(word, ['profile', 'areaModes', 'deletionPolicy', 'sysctls'])).toBe(meant);
  });

  it('suggests nothing rather than something far', () => {
    expect(didYouMean('banana', ['Enforce'])).toBe('');
  });
});

describe('renderFieldPath', () => {
  it('writes positions in brackets and quotes unusual names', () => {
    expect(renderFieldPath(['spec', 'sysctls', 2, 'value'])).toBe('spec.sysctls[2].value');
    expect(renderFieldPath(['a b', 'x'])).toBe('["a b"].x');
    expect(renderFieldPath([])).toBe('');
  });
});

describe('SpecInvalidError', () => {
  const problem: Problem = { file: 'f.yaml', line: 3, column: 5, path: 'spec.mode', message: 'is wrong' };

  it('carries the problems and lists each with its place', () => {
    expect(new SpecInvalidError([problem]).message).toBe('Cannot use the spec: f.yaml:3:5: spec.mode: is wrong');
    expect(new SpecInvalidError([problem, { ...problem, path: '' }]).message).toBe(
      'Cannot use the spec: 2 problems:\nf.yaml:3:5: spec.mode: is wrong\nf.yaml:3:5: is wrong',
    );
  });

  it('leaves out a place that does not exist', () => {
    expect(renderProblem({ ...problem, line: 0, column: 0, path: '' })).toBe('f.yaml: is wrong');
  });
});
