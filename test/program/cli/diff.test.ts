import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runCommand } from '../../support/command-line.ts';
import { copyOfHost, temporaryDirectory } from '../../support/nodeprep-process.ts';
import { treeOf } from '../../support/tree.ts';

vi.setConfig({ testTimeout: 60_000 });

/** What a host is, apart from NodePrep's own records, and from directories that a patch cannot make or leave empty. */
function hostAt(root: string): string {
  for (const own of ['var/lib/nodeprep', 'run/nodeprep']) rmSync(join(root, own), { recursive: true, force: true });
  return treeOf(root);
}

/** The patch of a host with a spec, and where the same spec was really applied. */
async function patchAndApplied(name: string, args: readonly string[], prepare: (root: string) => void = () => {}) {
  const [patched, applied] = [copyOfHost(name), copyOfHost(name)];
  for (const root of [patched, applied]) prepare(root);
  const { stdout, code } = await runCommand(['diff', '--root', patched, ...args]);
  await runCommand(['bootstrap', '--root', applied, ...args]);
  return { patched, applied, patch: stdout, code };
}

describe('nodeprep diff', () => {
  it.each(['debian-12', 'debian-13'])('is a patch that does to %s what bootstrap does', async (name) => {
    const { patched, applied, patch, code } = await patchAndApplied(name, []);

    execFileSync('git', ['apply', '--unsafe-paths', '--directory', patched, '-'], { input: patch, cwd: '/' });

    expect(code).toBe(1);
    expect(hostAt(patched)).toBe(hostAt(applied));
  });

  it('shows what the removal of entries takes away', async () => {
    const root = copyOfHost('debian-12');
    const empty = join(temporaryDirectory(), 'empty.yaml');
    writeFileSync(empty, 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec: {modules: []}\n');
    await runCommand(['bootstrap', '--root', root]);

    const { stdout } = await runCommand(['diff', '--root', root, '--file', empty]);

    expect(stdout).toContain('+++ /dev/null');
    expect(stdout).toContain('-net.ipv4.ip_forward = 1');
    expect(stdout).toContain('-# nodeprep: disabled: LABEL=swap none swap sw 0 0\n+LABEL=swap none swap sw 0 0\n');
  });

  it('lists what is no file as comments, and changes nothing', async () => {
    const root = copyOfHost('debian-12');
    const before = treeOf(root, { directories: true });

    const { stdout } = await runCommand(['diff', '--root', root]);

    expect(stdout).toContain('# Not in files:\n');
    expect(stdout).toContain('#   sysctls: update net.ipv4.ip_forward 0 → 1\n');
    expect(treeOf(root, { directories: true })).toBe(before);
  });

  it('exits 0 without differences and 2 for an error', async () => {
    const root = copyOfHost('debian-12');
    const none = join(temporaryDirectory(), 'none.yaml');
    writeFileSync(none, 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec: {modules: []}\n');

    const same = await runCommand(['diff', '--root', root, '--file', none]);
    const absent = await runCommand(['diff', '--root', join(root, 'absent')]);
    const misspelt = await runCommand(['diff', '--rot', root]);

    expect(same).toMatchObject({ code: 0, stdout: '' });
    expect([absent.code, misspelt.code]).toEqual([2, 2]);
  });

  it('keeps control characters of files away from the terminal', async () => {
    const root = copyOfHost('debian-12');
    writeFileSync(join(root, 'etc/fstab'), '# \u{1b}[2J\tnote\nLABEL=swap none swap sw 0 0\n');

    const { stdout } = await runCommand(['diff', '--root', root]);

    expect(stdout).toContain(' # \u{fffd}[2J\tnote\n');
  });
});

describe('nodeprep plan', () => {
  it('names every file that it writes, and counts entries once', async () => {
    const root = copyOfHost('debian-12');

    const table = await runCommand(['plan', '--root', root]);
    const plan = JSON.parse((await runCommand(['plan', '--root', root, '-o', 'json'])).stdout);

    expect(table.stdout).toContain('14 entries to change');
    expect(plan.entries).toBe(14);
    expect(plan.files).toContainEqual({ path: '/etc/fstab', action: 'update' });
    expect(plan.files).toContainEqual({ path: '/etc/sysctl.d/99-zz-nodeprep.conf', action: 'create' });
    for (const { path } of plan.files) expect(table.stdout).toContain(path);
  });

  it.each(['json', 'yaml'])('says "next boot" in %s as the table does', async (format) => {
    const { stdout } = await runCommand(['plan', '--root', copyOfHost('debian-12'), '-o', format]);

    expect(stdout).toMatch(/"?when"?: "?next boot"?/);
  });
});
