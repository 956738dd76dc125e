import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseDocuments } from '../../src/api/yaml/documents.ts';
import { SpecInvalidError } from '../../src/api/yaml/errors.ts';
import { canonicalNumbers } from '../../src/api/spec/canonical.ts';
import { expand, sourceFrom } from '../../src/api/spec/expand.ts';
import { loadSpec } from '../../src/api/spec/load.ts';
import { NodePrepSpecSource } from '../../src/api/spec/nodeprep.ts';
import { parseQuantity, renderQuantity } from '../../src/api/names/quantity.ts';
import { toJson, toYaml } from '../../src/api/status/render.ts';
import { parseStatusFile } from '../../src/api/status/status.ts';
import { documentFrom, specSource } from '../support/spec-source.ts';

/** What became of a document; anything but a spec or a well-formed refusal fails the test. */
function outcomeOf(contents: Uint8Array | string): 'loaded' | 'refused' {
  try {
    loadSpec([{ file: 'f', contents }]);
    return 'loaded';
  } catch (error) {
    expect(error).toBeInstanceOf(SpecInvalidError);
    const { problems } = error as SpecInvalidError;
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) {
      expect(problem.line).toBeGreaterThan(0);
      expect(problem.column).toBeGreaterThan(0);
      expect(`${problem.path}${problem.message}`).not.toMatch(/[\p{Cc}\p{Cs}]/u);
    }
    return 'refused';
  }
}

describe('loadSpec', { timeout: 60_000 }, () => {
  it('throws nothing but SpecInvalidError on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(outcomeOf(bytes)).toBe('refused');
      }),
      { numRuns: 500 },
    );
  });

  it('throws nothing but SpecInvalidError on arbitrary text and on pieces of YAML', () => {
    const piece = fc.constantFrom(
      ...'{}[]:,-?&*!|>%@`"\'#\n\t ~'.split(''),
      '---',
      '...',
      '\\x',
      '\\u{',
      '<<',
      'a',
      '0x',
      '\r\n',
      '  ',
      'spec',
      'sysctls',
      'name',
      'value',
      'kind',
      'NodePrep',
    );
    const yaml = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.oneof(yaml, fc.string({ unit: 'binary', maxLength: 100 })), (text) => {
        expect(outcomeOf(text)).toBe('refused');
      }),
      { numRuns: 1000 },
    );
  });

  it('throws nothing but SpecInvalidError on any data in the place of a spec or of an entry', () => {
    const data = fc
      .anything({ withNullPrototype: false, maxDepth: 3 })
      .filter((value) => JSON.stringify(value) !== undefined);
    fc.assert(
      fc.property(data, fc.constantFrom('spec', 'modules', 'sysctls', 'entry', 'swap'), (value, place) => {
        const spec = {
          spec: value,
          modules: { modules: value },
          sysctls: { sysctls: value },
          swap: { swap: value },
          entry: { sysctls: [value], modules: [value] },
        }[place];
        expect(outcomeOf(JSON.stringify(documentFrom(spec)))).toMatch(/loaded|refused/);
      }),
      { numRuns: 1000 },
    );
  });

  it('throws nothing but SpecInvalidError when a good document loses or changes some bytes', () => {
    const good = Buffer.from(
      toYaml(
        documentFrom({
          profile: 'kubeadm-worker',
          mode: 'Audit',
          modules: [{ name: 'overlay', parameters: { a: 1 } }],
          sysctls: [{ name: 'a.b', value: 1, match: 'AtLeast' }],
          swap: { behavior: 'Disabled', reserve: '1Gi' },
        }),
      ),
    );
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(5), fc.uint8Array({ maxLength: 5 }), (at, removed, added) => {
        const damaged = Buffer.concat([good.subarray(0, at), added, good.subarray(at + removed)]);
        expect(outcomeOf(damaged)).toMatch(/loaded|refused/);
      }),
      { numRuns: 1000 },
    );
  });

  it('accepts every valid source, as YAML and as JSON, and expands it to the same spec', () => {
    fc.assert(
      fc.property(specSource, (spec) => {
        const plain: unknown = JSON.parse(JSON.stringify(spec));
        const fromYaml = loadSpec([{ file: 'f', contents: toYaml(documentFrom(plain)) }]);
        const fromJson = loadSpec([{ file: 'f', contents: toJson(documentFrom(plain)) }]);
        expect(fromYaml).toEqual(fromJson);
        expect(fromYaml.source).toEqual(canonicalNumbers(NodePrepSpecSource, plain));
        expect(fromYaml.spec).toEqual(expand(spec));
      }),
      { numRuns: 100 },
    );
  });

  it('gives the same spec for a document that is split over two files', () => {
    fc.assert(
      fc.property(specSource, fc.nat(5), (spec, cut) => {
        const { modules = [], sysctls = [], ...rest } = spec;
        const file = (name: string, part: unknown) => ({ file: name, contents: toJson(documentFrom(part)) });
        const whole = loadSpec([file('a', { ...rest, modules, sysctls })]);
        const split = loadSpec([
          file('a', { ...rest, modules: modules.slice(0, cut), sysctls: sysctls.slice(0, cut) }),
          file('b', { modules: modules.slice(cut), sysctls: sysctls.slice(cut) }),
        ]);
        expect(split.spec).toEqual(whole.spec);
      }),
      { numRuns: 100 },
    );
  });
});

/** Paths of what a document may leave out; `[]` stands for the entries of a list, `*` for the values of a map. */
function optionalFields(schema: unknown): readonly (readonly string[])[] {
  const type = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  const below = (name: string, field: unknown) => optionalFields(field).map((path) => [name, ...path]);
  if (type instanceof z.ZodArray) return below('[]', type.element);
  if (type instanceof z.ZodRecord) return [['*'], ...below('*', type.valueType)];
  if (!(type instanceof z.ZodObject)) return [];
  return Object.entries(type.shape).flatMap(([name, field]) => [
    ...(field instanceof z.ZodOptional ? [[name]] : []),
    ...below(name, field),
  ]);
}

/** The source without one value at that path, once for each place where it has one. */
function without<T>(source: T, [name = '', ...rest]: readonly string[]): readonly T[] {
  if (typeof source !== 'object' || source === null) return [];
  const keys = name === '[]' || name === '*' ? Object.keys(source) : Object.hasOwn(source, name) ? [name] : [];
  return keys.flatMap((key) => {
    const copies = rest.length === 0 ? [undefined] : without((source as Record<string, unknown>)[key], rest);
    return copies.map((copy) => {
      const less = Object.assign(Array.isArray(source) ? [] : {}, source) as Record<string, unknown>;
      if (copy === undefined) delete less[key];
      else less[key] = copy;
      return less as T;
    });
  });
}

describe('expand', { timeout: 30_000 }, () => {
  it('and back is stable', () => {
    fc.assert(
      fc.property(specSource, (written) => {
        const { profile, ...spec } = expand(written);
        expect(profile).toBe(written.profile);
        expect(expand(sourceFrom(spec))).toEqual(spec);
        expect(sourceFrom(expand(sourceFrom(spec)))).toEqual(sourceFrom(spec));
      }),
    );
  });

  it('loses no field of the schema on the way to an area', () => {
    const sources = fc.sample(specSource, { numRuns: 300, seed: 1 });
    const counts = (path: readonly string[]) =>
      sources.some((source) =>
        without(source, path).some((less) => JSON.stringify(expand(less)) !== JSON.stringify(expand(source))),
      );

    expect(optionalFields(NodePrepSpecSource).filter((path) => !counts(path))).toEqual([]);
  });

  it('gives every entry a name of its own', () => {
    fc.assert(
      fc.property(specSource, (written) => {
        const { modules = [], sysctls = [] } = expand(written);
        for (const names of [modules, sysctls].map((list) => list.map((entry) => entry.name))) {
          expect(new Set(names).size).toBe(names.length);
        }
      }),
    );
  });
});

describe('positions', () => {
  it('of problems point at the text that is wrong', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,5}$/), { minLength: 1, maxLength: 8 }),
        fc.nat(7),
        (keys, index) => {
          const lines = [...new Set(keys)].map((key) => `${key}: 1`);
          const repeated = lines[index % lines.length] ?? '';
          const { problems } = parseDocuments('f', [...lines, `# comment`, repeated].join('\n'));
          expect(problems).toMatchObject([{ line: lines.length + 2, column: 1, path: repeated.split(':')[0] }]);
        },
      ),
    );
  });
});

describe('quantities', () => {
  it('survive being written and read', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        expect(parseQuantity(renderQuantity(bytes))).toBe(bytes);
      }),
    );
  });
});

describe('parseStatusFile', () => {
  it('never throws', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) =>
        JSON.stringify({
          apiVersion: 'nodeprep.dev/v1alpha1',
          kind: 'NodePrep',
          metadata: { name: 'n', generation: 1 },
          spec: {},
          status: value,
        }),
      ),
    );
    fc.assert(
      fc.property(text, (value) => {
        expect(Object.keys(parseStatusFile(value))).toHaveLength(1);
      }),
    );
  });
});
