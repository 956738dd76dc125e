import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runCommand } from '../../support/command-line.ts';
import { copyOfHost, nodeprep, temporaryDirectory } from '../../support/nodeprep-process.ts';
import { treeOf } from '../../support/tree.ts';

vi.setConfig({ testTimeout: 60_000 });

const HEAD = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\n';
const spec = (body: string) => `${HEAD}spec:\n${body.replaceAll(/^/gm, '  ')}\n`;
const GOOD = spec('sysctls:\n- name: net.ipv4.ip_forward\n  value: 1');

const BAD: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['an unknown field', spec('sysctl: []'), /did you mean.*sysctls/i],
  ['a wrong type', spec('modules: overlay'), /spec\.modules/],
  [
    'the same key in two spellings',
    spec('sysctls:\n- {name: net.ipv4.ip_forward, value: 1}\n- {name: net/ipv4/ip_forward, value: 1}'),
    /ip_forward/,
  ],
  ['a path out of /proc/sys', spec('sysctls:\n- {name: ../../etc/passwd, value: 1}'), /sysctls\[0\]\.name/],
  ['an absolute path', spec('sysctls:\n- {name: /etc/passwd, value: 1}'), /sysctls\[0\]\.name/],
  ['a NUL in a name', spec('modules:\n- {name: "over\\0lay"}'), /modules\[0\]\.name/],
  ['an option as a module name', spec('modules:\n- {name: --remove}'), /modules\[0\]\.name/],
  ['a megabyte as a name', spec(`sysctls:\n- {name: ${'a'.repeat(1_000_000)}, value: 1}`), /sysctls/],
  [
    'a megabyte as a value',
    spec(`sysctls:\n- {name: kernel.panic, value: ${'a'.repeat(1_040_000)}}`),
    /sysctls|1 MiB|too large/,
  ],
  ['a denied key', spec('sysctls:\n- {name: kernel.core_pattern, value: "|/bin/sh"}'), /core_pattern/],
  [
    'a YAML bomb',
    `${HEAD}a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nspec: {modules: [*b,*b,*b]}\n`,
    /anchor|alias/i,
  ],
  ['an empty file', '', /empty|no document/i],
  ['text that is not UTF-8', Buffer.from([0x61, 0xff, 0xfe, 0x62]), /UTF-8/],
  ['another kind', 'apiVersion: v1\nkind: ConfigMap\ndata: {}\n', /ConfigMap|kind/],
  ['broken YAML', 'apiVersion: [\n', /:\d+:\d+/],
];

describe('nodeprep validate', () => {
  it('accepts a good document from a file and from standard input', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'good.yaml'), GOOD);

    expect((await runCommand(['validate', '--file', join(directory, 'good.yaml')])).code).toBe(0);
    expect((await nodeprep(['validate', 'good.yaml'], { cwd: directory })).code).toBe(0);
    expect((await runCommand(['validate', '--file', '-'], { stdin: GOOD })).code).toBe(0);
  });

  it('warns about what is valid and most likely not meant', async () => {
    const misspelt = spec('sysctls:\n- {name: net.ipv4.ip_foward, value: 1}');

    const { code, stdout } = await runCommand(['validate', '--file', '-'], { stdin: misspelt });
    const json = await runCommand(['validate', '--file', '-', '-o', 'json'], { stdin: misspelt });

    expect(code).toBe(0);
    expect(stdout).toMatch(/^warning: <stdin>:5:\d+: .*did you mean "net\.ipv4\.ip_forward"/);
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: true, warnings: [{ line: 5 }] });
  });

  it.each(BAD)('refuses %s with a place and a reason', async (_, content, expected) => {
    const { code, stdout, stderr } = await runCommand(['validate', '--file', '-'], { stdin: content });

    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(expected);
    expect(stdout + stderr).not.toContain('bug in NodePrep');
    expect((stdout + stderr).length).toBeLessThan(5000);
  });

  it('says every mistake at once, with file, line, column and field', async () => {
    const { stdout } = await runCommand(['validate', '-o', 'json', '--file', '-'], {
      stdin: spec('mode: Enforc\nmodules:\n- {name: a/b}\nsysctls:\n- {name: vm.swappiness}'),
    });

    const { valid, problems } = JSON.parse(stdout);
    expect(valid).toBe(false);
    expect(problems.map((problem: { path: string }) => problem.path)).toEqual(
      expect.arrayContaining(['spec.mode', 'spec.modules[0].name', 'spec.sysctls[0].value']),
    );
    for (const problem of problems)
      expect(problem).toMatchObject({ file: '<stdin>', line: expect.any(Number), column: expect.any(Number) });
  });

  it('refuses two documents that disagree and names both places', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'a.yaml'), GOOD);
    writeFileSync(join(directory, 'b.yaml'), GOOD.replace('value: 1', 'value: 0'));

    const { code, stdout } = await nodeprep(['validate', 'a.yaml', 'b.yaml'], { cwd: directory });

    expect(code).toBe(1);
    expect(stdout).toMatch(/a\.yaml:\d+/);
    expect(stdout).toMatch(/b\.yaml:\d+/);
  });

  it.each(['missing.yaml', '.'])('says plainly that %s cannot be read', async (file) => {
    const { code, stderr } = await runCommand(['validate', '--file', join(temporaryDirectory(), file)]);

    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot read/);
    expect(stderr).not.toContain('bug in NodePrep');
  });
});

describe('a broken spec', () => {
  it.each(BAD)('leaves the host untouched: %s', async (_, content) => {
    const root = copyOfHost('debian-13');
    const before = treeOf(root, { directories: true });

    const { code } = await runCommand(['bootstrap', '--root', root, '--file', '-'], { stdin: content });

    expect(code).toBe(1);
    expect(treeOf(root, { directories: true })).toBe(before);
  });

  it('is found in the default files of the host, and drop-ins are merged', async () => {
    const root = copyOfHost('debian-12');
    mkdirSync(join(root, 'etc/nodeprep/nodeprep.d'), { recursive: true });
    writeFileSync(join(root, 'etc/nodeprep/nodeprep.yaml'), GOOD);
    writeFileSync(
      join(root, 'etc/nodeprep/nodeprep.d/10-swappiness.yaml'),
      spec('sysctls:\n- {name: vm.swappiness, value: 10}'),
    );

    const { stdout } = await runCommand(['plan', '--root', root, '-o', 'json']);
    const targets = new Set(JSON.parse(stdout).changes.map((change: { target: string }) => change.target));
    expect(targets).toEqual(new Set(['net.ipv4.ip_forward', 'vm.swappiness']));

    writeFileSync(join(root, 'etc/nodeprep/nodeprep.d/10-swappiness.yaml'), 'kind: [');
    const broken = await runCommand(['plan', '--root', root]);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain('10-swappiness.yaml');
  });
});
