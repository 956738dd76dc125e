import { describe, expect, it } from 'vitest';
import { InvalidNameError } from '../../../../src/api/yaml/errors.ts';
import {
  canonicalModule,
  parameterNameProblem,
  parameterValueProblem,
} from '../../../../src/api/names/module-names.ts';

describe('canonicalModule', () => {
  it.each([
    ['br_netfilter', 'br_netfilter'],
    ['br-netfilter', 'br_netfilter'],
    ['nf-conntrack_ipv4', 'nf_conntrack_ipv4'],
    ['8021q', '8021q'],
    ['a'.repeat(55), 'a'.repeat(55)],
  ])('spells %s as lsmod does', (written, canonical) => {
    expect(canonicalModule(written)).toBe(canonical);
  });

  it.each([
    ['an empty name', ''],
    ['an option', '-r'],
    ['a long option', '--remove'],
    ['a path', '/lib/modules/x'],
    ['a climbing path', '../x'],
    ['a file name', 'x.ko'],
    ['two modules', 'overlay br_netfilter'],
    ['a second line', 'overlay\nbr_netfilter'],
    ['a NUL', 'overlay\0'],
    ['a letter outside of ASCII', 'övërlay'],
    ['56 characters', 'a'.repeat(56)],
  ])('refuses %s', (_, name) => {
    expect(() => canonicalModule(name)).toThrow(InvalidNameError);
  });
});

describe('module parameters', () => {
  it.each(['hashsize', 'max_loop', 'X1', 'a'.repeat(64)])('accepts the name %s', (name) => {
    expect(parameterNameProblem(name)).toBeUndefined();
  });

  it.each(['', 'a-b', 'a b', 'a=b', 'a.b', 'ä', 'a\n', 'a'.repeat(129)])('refuses the name %j', (name) => {
    expect(parameterNameProblem(name)).toMatch(/\w{5}/);
  });

  it.each(['1', '0x10', 'a b', 'eth0,eth1', '-1', 'key=value'])('accepts the value %j', (value) => {
    expect(parameterValueProblem(value)).toBeUndefined();
  });

  it.each(['', ' ', '"', "it's", 'a\\', 'a\nb', 'a\0', 'a\tb', 'ä'])('refuses the value %j', (value) => {
    expect(parameterValueProblem(value)).toMatch(/\w{5}/);
  });
});
