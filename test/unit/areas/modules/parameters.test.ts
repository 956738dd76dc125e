import { describe, expect, test } from 'vitest';
import {
  isRenderableParameter,
  isSameParameter,
  parseParameters,
  renderParameters,
} from '../../../../src/areas/modules/parameters.ts';

describe('a declared parameter is what the kernel shows', () => {
  test.each([
    ['1', 'Y'],
    ['true', 'Y'],
    ['on', '1'],
    ['n', 'N'],
    ['N', '0'],
    ['0x10', '16'],
    ['16', '0x00000010'],
    ['010', '8'],
    ['-1', '-1'],
    ['1,2', '1,2,0,0'],
    ['y,n', 'Y,N'],
    ['"two words"', 'two words'],
    ['', '(null)'],
    ['18446744073709551615', '18446744073709551615'],
  ])('%s when it shows %s', (declared, live) => {
    expect(isSameParameter('m', 'p', declared, `${live}\n`)).toBe(true);
  });

  test.each([
    ['1', 'N'],
    ['Y', '0'],
    ['16', '17'],
    ['2', 'Y'],
    ['1,2', '1'],
    ['1,2', '1,3'],
    ['abc', 'ABC'],
    ['1', ''],
    ['18446744073709551615', '18446744073709551614'],
    ['100000', '100352'],
  ])('but not %s when it shows %s', (declared, live) => {
    expect(isSameParameter('m', 'p', declared, live)).toBe(false);
  });

  test('except that the conntrack table is rounded up to whole pages', () => {
    expect(isSameParameter('nf_conntrack', 'hashsize', '100000', '100352')).toBe(true);
    expect(isSameParameter('nf_conntrack', 'hashsize', '100000', '100100')).toBe(false);
    expect(isSameParameter('nf_conntrack', 'hashsize', '100352', '99840')).toBe(false);
    expect(isSameParameter('nf_conntrack', 'hashsize', '65536', '131072')).toBe(false);
  });
});

test('what is rendered on an options line is what is parsed from it', () => {
  const parameters = { hashsize: '1024', 'with-dash': 'Y', dyndbg: 'file a +p', list: '1,2' };

  expect(Object.fromEntries(parseParameters(renderParameters(parameters)))).toEqual({
    hashsize: '1024',
    with_dash: 'Y',
    dyndbg: 'file a +p',
    list: '1,2',
  });
});

test.each([
  ['p', 'a"b'],
  ['p', 'a\nblacklist overlay'],
  ['p', 'end\\'],
  ['p', 'a\0b'],
  ['p', 'é'],
  ['p q', '1'],
  ['', '1'],
])('parameter %j with value %j cannot slip into the file', (name, value) => {
  expect(isRenderableParameter(name, value)).toBe(false);
});
