import { describe, expect, test } from 'vitest';
import type { SysctlMatch } from '../../../../../src/api/parts/sysctl-entry.ts';
import { meaningOf } from '../../../../../src/areas/sysctls/values/meaning.ts';
import { formProblem, isEqual, isSatisfied, mergedValue } from '../../../../../src/areas/sysctls/values/match.ts';

describe('equality of values', () => {
  test.each([
    ['4096 131072 6291456', '4096\t131072\t6291456\n'],
    ['  1 ', '1'],
    ['0x1f', '31'],
    ['007', '7'],
    ['-0', '0'],
    ['18446744073709551615', '18446744073709551615'],
    ['1,3-5', '1,3,4,5'],
    ['8080, 9000', '8080,9000'],
    ['', '\n'],
    ['cubic', 'cubic'],
    ['2001:DB8::1', '2001:0db8:0000:0000:0000:0000:0000:0001'],
    ['::', '0:0:0:0:0:0:0:0'],
  ])('"%s" is "%s"', (a, b) => {
    expect(isEqual(a, b)).toBe(true);
    expect(isEqual(b, a)).toBe(true);
  });

  test.each([
    ['1', '10'],
    ['1', ''],
    ['9007199254740993', '9007199254740992'],
    ['1 2', '1 2 3'],
    ['1-3', '1,3'],
    ['5-3', '3-5'],
    ['bbr', 'BBR'],
    ['1,2', '1 2'],
    ['2001:db8::1', '2001:db8::2'],
    ['1::2::3', '1:0::2:3'],
    [':', '::'],
    ['1:2:3', '1:02:3'],
  ])('"%s" is not "%s"', (a, b) => {
    expect(isEqual(a, b)).toBe(false);
    expect(isEqual(b, a)).toBe(false);
  });

  test('takes a megabyte of digits as text and does not stall', () => {
    const digits = '9'.repeat(1_000_000);

    expect(isEqual(digits, `${digits}1`)).toBe(false);
    expect(isEqual(digits, digits)).toBe(true);
  });
});

describe('matching', () => {
  const cases: readonly (readonly [SysctlMatch, string, string, boolean, string])[] = [
    ['AtLeast', '100', '50', false, '100'],
    ['AtLeast', '100', '100', true, '100'],
    ['AtLeast', '100', '9223372036854775807', true, '9223372036854775807'],
    ['AtLeast', '10 20 30', '40\t5\t30', false, '40 20 30'],
    ['AtMost', '100', '50', true, '50'],
    ['AtMost', '100', '200', false, '100'],
    ['AtMost', '10 20', '5\t50', false, '5 20'],
    ['Contains', '10250,30000-30010', '', false, '10250,30000-30010'],
    ['Contains', '10250', '10000-11000', true, '10000-11000'],
    ['Contains', '10250,10251', '10249,10252', false, '10249-10252'],
    ['Contains', 'bbr', 'reno cubic', false, 'reno cubic bbr'],
    ['Contains', 'cubic reno', 'reno cubic', true, 'reno cubic'],
    ['Exact', '1', '0', false, '1'],
  ];

  test.each(cases)('%s "%s" on "%s": %s, writes "%s"', (match, value, text, isMet, written) => {
    expect(isSatisfied({ match, value }, text)).toBe(isMet);
    expect(mergedValue({ match, value }, text)).toBe(written);
  });

  test('what is written over anything is then satisfied', () => {
    for (const [match, value, text] of cases) {
      expect(isSatisfied({ match, value }, mergedValue({ match, value }, text))).toBe(true);
    }
  });
});

describe('what to write', () => {
  test('drops leading zeros, which the kernel would read as octal', () => {
    expect(meaningOf('010\t 0x10  -007').writable).toBe('10 0x10 -7');
  });

  test.each([
    ['1', '4096\t131072\t6291456', /3 numbers.*1 are given/],
    ['1 2 3 4', '4096\t131072\t6291456', /3 numbers.*4 are given/],
  ])('refuses "%s" for a vector "%s"', (value, text, message) => {
    expect(formProblem({ match: 'Exact', value }, text)).toMatch(message);
  });

  test('refuses to compare words with AtLeast', () => {
    expect(formProblem({ match: 'AtLeast', value: 'many' }, '5')).toContain('AtLeast compares numbers');
    expect(formProblem({ match: 'AtMost', value: '5' }, 'cubic')).toContain('AtMost compares numbers');
  });

  test('has nothing against a list of ranges where one number stands now', () => {
    expect(formProblem({ match: 'Contains', value: '1,2' }, '8080')).toBeUndefined();
    expect(formProblem({ match: 'Exact', value: '1,2' }, '8080')).toBeUndefined();
    expect(formProblem({ match: 'Exact', value: '8080' }, '')).toBeUndefined();
  });
});
