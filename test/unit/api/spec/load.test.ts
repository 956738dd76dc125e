import { describe, expect, it } from 'vitest';
import { type Problem, SpecInvalidError } from '../../../../src/api/yaml/errors.ts';
import { loadSpec } from '../../../../src/api/spec/load.ts';

const HEAD = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\n';
const document = (spec: string, head = HEAD) => `${head}spec:\n${spec.replaceAll(/^(?=.)/gm, '  ')}\n`;
const file = (name: string, spec: string) => ({ file: name, contents: document(spec) });

function problemsOf(load: () => unknown): readonly Problem[] {
  try {
    load();
  } catch (error) {
    if (error instanceof SpecInvalidError) return error.problems;
    throw error;
  }
  throw new Error('Expected SpecInvalidError, but the spec was accepted');
}

describe('a spec from one document', () => {
  it('gives every entry its defaults and its canonical name', () => {
    const { spec, name } = loadSpec([
      file(
        'f',
        'modules: [{name: nf-conntrack}]\nsysctls: [{name: net/ipv4/ip_forward, value: 1}, {name: a.b, value: "  1 2 "}]\nswap: {behavior: Disabled}',
      ),
    ]);

    expect(name).toBeUndefined();
    expect(spec).toEqual({
      mode: 'Enforce',
      areaModes: {},
      deletionPolicy: 'Keep',
      bootstrap: { onFailure: 'Degrade' },
      modules: [{ name: 'nf_conntrack', parameters: {}, required: true }],
      sysctls: [
        { name: 'net.ipv4.ip_forward', value: '1', match: 'Exact', required: true, drift: 'Correct' },
        { name: 'a.b', value: '1 2', match: 'Exact', required: true, drift: 'Correct' },
      ],
      swap: { behavior: 'Disabled', reserveBytes: 134_217_728 },
    });
  });

  it('leaves an area that is not declared unmanaged, and manages one with an empty list', () => {
    const { spec } = loadSpec([file('f', 'modules: []')]);
    expect(spec.modules).toEqual([]);
    expect(spec).not.toHaveProperty('sysctls');
    expect(spec).not.toHaveProperty('swap');
  });

  it('reads contents given as bytes or as text alike', () => {
    const text = document('mode: Audit');
    expect(loadSpec([{ file: 'f', contents: Buffer.from(text) }])).toEqual(loadSpec([{ file: 'f', contents: text }]));
  });

  it('reads a quantity with and without quotes', () => {
    for (const reserve of ['1000000000', '1e9', '"1e9"', '1G', '"1000000000"']) {
      const { spec } = loadSpec([file('f', `swap: {behavior: Disabled, reserve: ${reserve}}`)]);
      expect(spec.swap?.reserveBytes).toBe(1_000_000_000);
    }
  });

  it('accepts the largest spec there can be', { timeout: 30_000 }, () => {
    const entry = (index: number) =>
      `  # Reason ${index}.\n  - name: net.ipv4.conf.eth${index}.forwarding\n    value: "1"\n    match: AtLeast\n    optional: true\n    drift: Report`;
    const modules = Array.from({ length: 128 }, (_, index) => `  - {name: m${index}, parameters: {a: 1, b: x}}`);
    const sysctls = Array.from({ length: 256 }, (_, index) => entry(index));
    const { spec } = loadSpec([file('f', ['modules:', ...modules, 'sysctls:', ...sysctls].join('\n'))]);
    expect(spec.modules).toHaveLength(128);
    expect(spec.sysctls).toHaveLength(256);
  });

  it('refuses one entry more', { timeout: 30_000 }, () => {
    const sysctls = Array.from({ length: 257 }, (_, index) => `  - {name: a.b${index}, value: 1}`);
    expect(problemsOf(() => loadSpec([file('f', ['sysctls:', ...sysctls].join('\n'))]))).toMatchObject([
      { path: 'spec.sysctls', message: 'has 257 entries; at most 256 are possible' },
    ]);
  });

  it('never repeats a megabyte of text in a name or a value', { timeout: 30_000 }, () => {
    const long = 'x'.repeat(1_000_000);
    for (const spec of [
      `sysctls: [{name: ${long}, value: 1}]`,
      `sysctls: [{name: a.b, value: ${long}}]`,
      `sysctls: [{name: a.b, value: 1, ${long}: 1}]`,
      `modules: [{name: ${long}}]`,
      `modules: [{name: m, parameters: {${'k'.repeat(1000)}: 1}}]`,
      `modules: [{name: m, parameters: {k: ${long}}}]`,
      `modules: [${long}]`,
      `profile: ${long}`,
      `mode: ${long}`,
      `swap: {behavior: ${long}, reserve: ${long.slice(0, 1000)}}`,
    ]) {
      const problems = problemsOf(() => loadSpec([file('f', spec)]));
      expect(problems.length).toBeLessThan(4);
      for (const problem of problems) expect(problem.message.length + problem.path.length).toBeLessThan(500);
    }
  });

  it('lists at most 200 problems in its text and keeps all of them', () => {
    const sysctls = Array.from({ length: 256 }, () => '  - {}');
    let caught: unknown;
    try {
      loadSpec([file('f', ['sysctls:', ...sysctls].join('\n'))]);
    } catch (error) {
      caught = error;
    }
    const { problems, message } = caught as SpecInvalidError;
    expect(problems).toHaveLength(512);
    expect(message.split('\n')).toHaveLength(202);
    expect(message.endsWith('and 312 more')).toBe(true);
  });
});

describe('several documents', () => {
  it('are one spec, in the order given', () => {
    const { spec, source, name } = loadSpec([
      { file: 'a', contents: document('sysctls: [{name: vm.swappiness, value: 1}]', `${HEAD}metadata: {name: n1}\n`) },
      file('b', 'sysctls: [{name: vm.max_map_count, value: 262144}]\nmode: Audit'),
      file('c', 'modules: [{name: overlay}]'),
    ]);
    expect(name).toBe('n1');
    expect(spec.mode).toBe('Audit');
    expect(spec.sysctls?.map((entry) => entry.name)).toEqual(['vm.swappiness', 'vm.max_map_count']);
    expect(source).toEqual({
      mode: 'Audit',
      modules: [{ name: 'overlay' }],
      sysctls: [
        { name: 'vm.swappiness', value: 1 },
        { name: 'vm.max_map_count', value: 262144 },
      ],
    });
  });

  it.each([
    [
      'the same value as text and as a number',
      'sysctls: [{name: a.b, value: 1}]',
      'sysctls: [{name: a/b, value: "1 "}]',
    ],
    [
      'defaults left out and written out',
      'sysctls: [{name: a.b, value: 1}]',
      'sysctls: [{name: a.b, value: 1, match: Exact, optional: false, drift: Correct}]',
    ],
    ['a vector with tabs', 'sysctls: [{name: a.b, value: "1 2"}]', 'sysctls: [{name: a.b, value: "1\\t2"}]'],
    [
      'module spellings',
      'modules: [{name: a-b, parameters: {x: 1, y: 2}}]',
      'modules: [{name: a_b, parameters: {y: "2", x: "1"}}]',
    ],
    ['one mode', 'mode: Audit', 'mode: Audit'],
    [
      'one reserve in two units',
      'swap: {behavior: Disabled, reserve: 1Gi}',
      'swap: {behavior: Disabled, reserve: 1024Mi}',
    ],
    ['a part each', 'areaModes: {swap: Audit}', 'areaModes: {modules: Paused}'],
  ])('may say the same twice: %s', (_, first, second) => {
    expect(() => loadSpec([file('a', first), file('b', second)])).not.toThrow();
  });

  it.each([
    ['a value', 'sysctls: [{name: a.b, value: 1}]', 'sysctls: [{name: a/b, value: 2}]', 'spec.sysctls[0]'],
    [
      'how a value is compared',
      'sysctls: [{name: a.b, value: 1}]',
      'sysctls: [{name: a.b, value: 1, match: AtLeast}]',
      'spec.sysctls[0]',
    ],
    ['whether an entry is required', 'modules: [{name: a}]', 'modules: [{name: a, optional: true}]', 'spec.modules[0]'],
    [
      'a module parameter',
      'modules: [{name: a, parameters: {x: 1}}]',
      'modules: [{name: a, parameters: {x: 2}}]',
      'spec.modules[0]',
    ],
    ['the mode', 'mode: Audit', 'mode: Enforce', 'spec.mode'],
    ['the mode of an area', 'areaModes: {swap: Audit}', 'areaModes: {swap: Paused}', 'spec.areaModes.swap'],
    ['the profile', 'profile: kubeadm-worker', 'profile: raspberry-pi', 'spec.profile'],
    [
      'the reserve',
      'swap: {behavior: Disabled, reserve: 1Gi}',
      'swap: {behavior: Disabled, reserve: 1G}',
      'spec.swap.reserve',
    ],
    ['the deletion policy', 'deletionPolicy: Keep', 'deletionPolicy: Restore', 'spec.deletionPolicy'],
    [
      'what a failure does',
      'bootstrap: {onFailure: Block}',
      'bootstrap: {onFailure: Degrade}',
      'spec.bootstrap.onFailure',
    ],
  ])('may not disagree about %s, and both places are named', (_, first, second, path) => {
    const problems = problemsOf(() => loadSpec([file('a.yaml', first), file('b.yaml', second)]));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ file: 'b.yaml', line: 4, path });
    expect(problems[0]?.message).toMatch(/disagree.*a\.yaml:4.*b\.yaml:4/);
  });

  it('may not name two nodes', () => {
    const named = (name: string) => document('mode: Audit', `${HEAD}metadata: {name: ${name}}\n`);
    const problems = problemsOf(() =>
      loadSpec([
        { file: 'a', contents: named('n1') },
        { file: 'b', contents: named('n2') },
      ]),
    );
    expect(problems).toMatchObject([{ file: 'b', line: 3, path: 'metadata.name' }]);
  });

  it('of one file may disagree as little as those of two', () => {
    const contents = `${document('mode: Audit')}---\n${document('mode: Paused')}`;
    expect(problemsOf(() => loadSpec([{ file: 'f', contents }]))).toMatchObject([{ line: 9, path: 'spec.mode' }]);
  });

  it('report the mistakes of all of them at once, in the order of the files', () => {
    const problems = problemsOf(() =>
      loadSpec([
        file('z', 'mode: x\nprofil: y'),
        { file: 'empty', contents: '' },
        file('a', 'sysctls: [{name: vm.drop_caches, value: 1}]'),
      ]),
    );
    expect(problems.map((problem) => `${problem.file}:${problem.path}`)).toEqual([
      'z:spec.mode',
      'z:spec.profil',
      'empty:',
      'a:spec.sysctls[0].name',
    ]);
  });

  it('have the limits of one document together', { timeout: 30_000 }, () => {
    const many = (prefix: string) =>
      ['sysctls:', ...Array.from({ length: 200 }, (_, index) => `  - {name: ${prefix}.b${index}, value: 1}`)].join(
        '\n',
      );
    const problems = problemsOf(() => loadSpec([file('a', many('a')), file('b', many('b'))]));
    expect(problems).toMatchObject([{ path: 'spec.sysctls' }]);
    expect(problems[0]?.message).toContain('together');
  });

  it('may not set, in two files, parameters that the kernel zeroes mutually', () => {
    const problems = problemsOf(() =>
      loadSpec([
        file('a', 'sysctls: [{name: vm.dirty_bytes, value: 4194304}]'),
        file('b', 'sysctls: [{name: vm/dirty_ratio, value: 20}]'),
      ]),
    );
    expect(problems).toMatchObject([{ file: 'b', path: 'spec.sysctls[0].name' }]);
    expect(problems[0]?.message).toContain('a:4');
  });

  it.each([
    ['equal', 1, 1, true],
    ['different', 1, 0, false],
  ])('may set ip_forward under both of its names when the values are %s', (_, one, other, fine) => {
    const load = () =>
      loadSpec([
        file(
          'a',
          `sysctls: [{name: net.ipv4.ip_forward, value: ${one}}, {name: net.ipv4.conf.all.forwarding, value: ${other}}]`,
        ),
      ]);
    if (fine) expect(load).not.toThrow();
    else expect(problemsOf(load)).toHaveLength(1);
  });
});

describe('a profile', () => {
  it('stands alone without documents', () => {
    const { spec, source } = loadSpec([], { profile: 'kubeadm-worker' });
    expect(source).toEqual({ profile: 'kubeadm-worker' });
    expect(spec.modules?.map((entry) => entry.name)).toEqual(['overlay', 'br_netfilter']);
    expect(spec.swap?.behavior).toBe('Disabled');
  });

  it('is added to documents that name none', () => {
    const fromOption = loadSpec([file('f', 'mode: Audit')], { profile: 'raspberry-pi' });
    const fromDocument = loadSpec([file('f', 'mode: Audit\nprofile: raspberry-pi')]);
    expect(fromOption.spec).toEqual(fromDocument.spec);
    expect(fromOption.source).toEqual(fromDocument.source);
  });

  it('may be named by both when it is the same', () => {
    expect(() => loadSpec([file('f', 'profile: kubeadm-worker')], { profile: 'kubeadm-worker' })).not.toThrow();
  });

  it('may not be another one than that of the document', () => {
    const problems = problemsOf(() => loadSpec([file('f', 'profile: kubeadm-worker')], { profile: 'raspberry-pi' }));
    expect(problems).toMatchObject([{ file: 'f', line: 4, path: 'spec.profile' }]);
  });

  it('gives way to own entries of the same name, in place', () => {
    const { spec } = loadSpec([
      file(
        'f',
        'profile: kubeadm-worker\nmodules: [{name: br-netfilter, optional: true}]\nsysctls: [{name: net/ipv4/ip_forward, value: 0}, {name: a.b, value: 1}]\nswap: {behavior: Unmanaged}',
      ),
    ]);
    expect(spec.modules).toEqual([
      { name: 'overlay', parameters: {}, required: true },
      { name: 'br_netfilter', parameters: {}, required: false },
    ]);
    const names = spec.sysctls?.map((entry) => entry.name) ?? [];
    expect(names.indexOf('net.ipv4.ip_forward')).toBe(2);
    expect(spec.sysctls?.[2]?.value).toBe('0');
    expect(names.at(-1)).toBe('a.b');
    expect(new Set(names).size).toBe(names.length);
    expect(spec.swap?.behavior).toBe('Unmanaged');
  });

  it.each([
    ['kubeadm-wroker', 'did you mean "kubeadm-worker"'],
    ['x', 'built-in profiles are kubeadm-worker'],
    ['toString', 'unknown profile'],
    ['', 'unknown profile'],
    ['__proto__', 'unknown profile'],
  ])('that does not exist is refused with those that do: %j', (profile, message) => {
    const problems = problemsOf(() => loadSpec([], { profile }));
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(message);
  });

  it('or a document must be given', () => {
    expect(problemsOf(() => loadSpec([]))).toHaveLength(1);
  });
});

describe('spellings of one value', () => {
  const load = (spec: string) =>
    loadSpec([{ file: 'a.yaml', contents: `apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n  ${spec}\n` }]);

  it('have one form in the source, which is what goes into the cluster', () => {
    const spec = (value: string) => load(`sysctls: [{name: a.b, value: ${value}}]`).source.sysctls?.[0]?.value;

    expect(['10', '"10"', '"2147483648"', '"010"', '" 10"', '"1 2"', '-1', '"-1"'].map(spec)).toEqual([
      ...[10, 10, '2147483648', '010', ' 10', '1 2', -1, -1],
    ]);
    expect(load('modules: [{name: a, parameters: {p: "7", q: x}}]').source.modules?.[0]?.parameters).toEqual({
      p: 7,
      q: 'x',
    });
  });

  it('of earlier builds are refused with the one of today', () => {
    expect(() => load('sysctls: [{name: a.b, value: 1, required: false}]')).toThrow(
      'the field "required" is "optional" now; write "optional: true"',
    );
    expect(() => load('modules: [{name: a, required: true}]')).toThrow('leave it out, because it is the default');
    expect(() => load('sysctls: [{name: a.b, value: 2147483648}]')).toThrow('quote it if it is meant as text');
  });
});
