import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { expand, sourceFrom } from '../../../../src/api/spec/expand.ts';
import { loadSpec } from '../../../../src/api/spec/load.ts';
import { toJson, toYaml } from '../../../../src/api/status/render.ts';

describe('toYaml', () => {
  it('writes shared objects twice instead of using anchors', () => {
    const shared = { a: 1 };
    const text = toYaml({ x: shared, y: shared });
    expect(text).not.toMatch(/[&*]/);
    expect(parse(text)).toEqual({ x: { a: 1 }, y: { a: 1 } });
  });

  it.each([
    'Off',
    'no',
    'yes',
    'on',
    '1',
    '0x10',
    '010',
    '0o10',
    '1:30',
    '1_000',
    'null',
    '~',
    '',
    ' x',
    'a: b',
    '#c',
    '2001-01-01',
    '=',
    '<<',
  ])('keeps the text %j text in YAML 1.1 and 1.2', (text) => {
    const yaml = toYaml({ value: text });
    expect(parse(yaml)).toEqual({ value: text });
    expect(parse(yaml, { version: '1.1' })).toEqual({ value: text });
  });

  it('never folds a long value', () => {
    const value = 'word '.repeat(100).trim();
    expect(toYaml({ value })).toBe(`value: ${value}\n`);
  });
});

describe('toJson', () => {
  it('ends with a line feed and parses back', () => {
    expect(toJson({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}\n');
  });
});

describe('the expanded spec', () => {
  it('prints as a document that stands for the same host without its profile', () => {
    const { spec } = loadSpec([], { profile: 'raspberry-pi' });
    const contents = toYaml({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', spec: sourceFrom(spec) });
    const { profile, ...rest } = spec;
    expect(profile).toBe('raspberry-pi');
    expect(loadSpec([{ file: 'printed', contents }]).spec).toEqual(rest);
    expect(contents).not.toContain('profile');
  });

  it('keeps an area that is managed but empty', () => {
    const spec = expand({ modules: [], sysctls: [] });
    expect(sourceFrom(spec)).toMatchObject({ modules: [], sysctls: [] });
  });
});
