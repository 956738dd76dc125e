import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocuments } from '../../src/api/documents.ts';
import { InvalidNameError, SpecInvalidError } from '../../src/api/errors.ts';
import { expand, sourceFrom } from '../../src/api/expand.ts';
import { loadSpec } from '../../src/api/load.ts';
import { canonicalModule, parameterNameProblem, parameterValueProblem } from '../../src/api/module-names.ts';
import { AREA_NAMES, type NodePrepSpecSource } from '../../src/api/nodeprep.ts';
import { PRESET_NAMES } from '../../src/api/presets.ts';
import { parseQuantity, renderQuantity } from '../../src/api/quantity.ts';
import { toJson, toYaml } from '../../src/api/render.ts';
import { parseStatusFile } from '../../src/api/status.ts';
import { canonicalSysctl, deniedSysctl, sysctlPath } from '../../src/api/sysctl-names.ts';

/** Names made of the pieces that matter: separators, dots, option signs and everything else now and then. */
const hostileName = fc
  .array(
    fc.oneof(
      fc.constantFrom('.', '/', '..', '-', '_', 'a', 'eth0', 'net', 'ipv4', '*', ' ', '\n', '\0', '='),
      fc.string({ maxLength: 3, unit: 'binary' }),
    ),
    {
      maxLength: 10,
    },
  )
  .map((parts) => parts.join(''));

const part = fc.stringMatching(/^[a-z0-9_][a-z0-9_-]{0,8}$/);
const sysctlName = fc
  .array(part, { minLength: 2, maxLength: 5 })
  .map((parts) => parts.join('.'))
  .filter((name) => deniedSysctl(name) === undefined && !/^(?:net\.ipv[46]\.(?:conf|neigh)|vm)\./.test(name));
const mode = fc.constantFrom('Enforce', 'Audit', 'Paused');

const source: fc.Arbitrary<NodePrepSpecSource> = fc
  .record(
    {
      profile: fc.constantFrom(...PRESET_NAMES),
      mode,
      areaModes: fc.dictionary(fc.constantFrom(...AREA_NAMES), mode, { minKeys: 1 }),
      deletionPolicy: fc.constantFrom('Keep', 'Restore'),
      bootstrap: fc.record({ onFailure: fc.constantFrom('Block', 'Degrade') }),
      modules: fc.uniqueArray(
        fc.record(
          {
            name: fc.stringMatching(/^[a-z0-9_][a-z0-9_-]{0,8}$/),
            required: fc.boolean(),
            parameters: fc.dictionary(
              fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/),
              fc.oneof(fc.boolean(), fc.maxSafeInteger(), fc.stringMatching(/^[a-z0-9, =]{0,8}[a-z0-9]$/)),
            ),
          },
          { requiredKeys: ['name'] },
        ),
        { maxLength: 5, selector: (entry) => canonicalModule(entry.name) },
      ),
      sysctls: fc.uniqueArray(
        fc.record(
          {
            name: sysctlName,
            value: fc.oneof(
              fc.maxSafeInteger(),
              fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String),
              fc.constantFrom('1 2\t3', ' 0 ', '-1'),
            ),
            match: fc.constantFrom('Exact', 'AtLeast', 'AtMost', 'Contains'),
            required: fc.boolean(),
            drift: fc.constantFrom('Correct', 'Report', 'Ignore'),
          },
          { requiredKeys: ['name', 'value'] },
        ),
        { maxLength: 5, selector: (entry) => canonicalSysctl(entry.name) },
      ),
      swap: fc.record(
        {
          behavior: fc.constantFrom('Disabled', 'ZramHostOnly', 'LimitedSwap', 'Unmanaged'),
          reserve: fc.oneof(
            fc.nat(),
            fc.nat(1_000_000).map((amount) => `${amount}Ki`),
          ),
        },
        { requiredKeys: ['behavior'] },
      ),
    },
    { requiredKeys: [] },
  )
  .map((record) => record as NodePrepSpecSource);

function documentFrom(spec: unknown): unknown {
  return { apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', spec };
}

function canonicalOrRefused(canonical: (name: string) => string, name: string): string | undefined {
  try {
    return canonical(name);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidNameError);
    return undefined;
  }
}

/** Loads, and lets nothing but `SpecInvalidError` through as "refused". */
function loadOrRefused(contents: Uint8Array | string): ReturnType<typeof loadSpec> | undefined {
  try {
    return loadSpec([{ file: 'f', contents }]);
  } catch (error) {
    expect(error).toBeInstanceOf(SpecInvalidError);
    const { problems } = error as SpecInvalidError;
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) {
      expect(problem.line).toBeGreaterThan(0);
      expect(problem.column).toBeGreaterThan(0);
      expect(`${problem.path}${problem.message}`).not.toMatch(/[\p{Cc}\p{Cs}]/u);
    }
    return undefined;
  }
}

describe('names', () => {
  it('of kernel parameters have one canonical form, which is stable', () => {
    fc.assert(
      fc.property(fc.oneof(hostileName, sysctlName), (name) => {
        const canonical = canonicalOrRefused(canonicalSysctl, name);
        fc.pre(canonical !== undefined);
        expect(canonicalSysctl(canonical)).toBe(canonical);
        expect(sysctlPath(canonical)).toBe(sysctlPath(name));
      }),
      { numRuns: 2000 },
    );
  });

  it('of kernel parameters that are accepted stay below /proc/sys and cannot be an option, a comment or a second line', () => {
    fc.assert(
      fc.property(fc.oneof(hostileName, fc.string({ unit: 'binary' })), (name) => {
        const canonical = canonicalOrRefused(canonicalSysctl, name);
        if (canonical === undefined) return;
        const path = sysctlPath(canonical);
        expect(new URL(`file://${path}`).pathname).toBe(path);
        expect(path).toMatch(/^\/proc\/sys\/[^/]+\/.*[^/]$/);
        expect(canonical).toMatch(/^[^-#;][\x21-\x7e]*$/);
        expect(canonical).not.toMatch(/[=*?[\]{}"'\\$`]/);
      }),
      { numRuns: 3000 },
    );
  });

  it('of kernel parameters mean the same with dots and with slashes', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 6 }), (parts) => {
        expect(canonicalSysctl(parts.join('/'))).toBe(canonicalSysctl(parts.join('.')));
      }),
    );
  });

  it('of kernel parameters keep a dotted interface name in both spellings', () => {
    fc.assert(
      fc.property(part, fc.nat(4094), (name, vlan) => {
        const slashes = `net/ipv4/conf/${name}.${vlan}/forwarding`;
        const dots = `net.ipv4.conf.${name}/${vlan}.forwarding`;
        expect(canonicalSysctl(dots)).toBe(slashes);
        expect(canonicalSysctl(slashes)).toBe(slashes);
      }),
    );
  });

  it('of modules that are accepted are single words that no program takes for an option or a path', () => {
    fc.assert(
      fc.property(fc.oneof(hostileName, fc.string({ unit: 'binary' })), (name) => {
        const canonical = canonicalOrRefused(canonicalModule, name);
        if (canonical === undefined) return;
        expect(canonical).toMatch(/^\w{1,55}$/);
        expect(canonicalModule(canonical)).toBe(canonical);
      }),
      { numRuns: 2000 },
    );
  });

  it('and values of module parameters stay inside one line and one pair of quotes', () => {
    fc.assert(
      fc.property(hostileName, fc.string({ unit: 'binary' }), (name, value) => {
        if (parameterNameProblem(name) === undefined) expect(name).toMatch(/^\w+$/);
        if (parameterValueProblem(value) === undefined) expect(value).not.toMatch(/["'\\\n\r\0]/);
      }),
    );
  });
});

describe('loadSpec', () => {
  it('throws nothing but SpecInvalidError on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void loadOrRefused(bytes)),
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
      fc.property(fc.oneof(yaml, fc.string({ unit: 'binary', maxLength: 100 })), (text) => void loadOrRefused(text)),
      { numRuns: 3000 },
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
        loadOrRefused(JSON.stringify(documentFrom(spec)));
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
        loadOrRefused(Buffer.concat([good.subarray(0, at), added, good.subarray(at + removed)]));
      }),
      { numRuns: 1000 },
    );
  });

  it('accepts every valid source, as YAML and as JSON, and expands it to the same spec', () => {
    fc.assert(
      fc.property(source, (spec) => {
        const plain: unknown = JSON.parse(JSON.stringify(spec));
        const fromYaml = loadSpec([{ file: 'f', contents: toYaml(documentFrom(plain)) }]);
        const fromJson = loadSpec([{ file: 'f', contents: toJson(documentFrom(plain)) }]);
        expect(fromYaml).toEqual(fromJson);
        expect(fromYaml.source).toEqual(plain);
        expect(fromYaml.spec).toEqual(expand(spec));
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same spec for a document that is split over two files', () => {
    fc.assert(
      fc.property(source, fc.nat(5), (spec, cut) => {
        const { modules = [], sysctls = [], ...rest } = spec;
        const file = (name: string, part: unknown) => ({ file: name, contents: toJson(documentFrom(part)) });
        const whole = loadSpec([file('a', { ...rest, modules, sysctls })]);
        const split = loadSpec([
          file('a', { ...rest, modules: modules.slice(0, cut), sysctls: sysctls.slice(0, cut) }),
          file('b', { modules: modules.slice(cut), sysctls: sysctls.slice(cut) }),
        ]);
        expect(split.spec).toEqual(whole.spec);
      }),
      { numRuns: 200 },
    );
  });
});

describe('expand', () => {
  it('and back is stable', () => {
    fc.assert(
      fc.property(source, (written) => {
        const { profile, ...spec } = expand(written);
        expect(profile).toBe(written.profile);
        expect(expand(sourceFrom(spec))).toEqual(spec);
        expect(sourceFrom(expand(sourceFrom(spec)))).toEqual(sourceFrom(spec));
      }),
    );
  });

  it('gives every entry a name of its own', () => {
    fc.assert(
      fc.property(source, (written) => {
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
