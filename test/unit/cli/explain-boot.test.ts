import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommand } from '../../support/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'nodeprep-explain-boot-'));
const file = join(folder, 'nodeprep.yaml');
const root = 'test/support/boot/pi-os-bookworm';
writeFileSync(
  file,
  'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n  bootParameters:\n    - {name: cgroup_enable, value: memory}\n',
);
afterAll(() => rmSync(folder, { recursive: true }));

test.each(['boot.cgroup_enable', 'boot.cgroup-enable=memory'])('explains %s as it is declared', async (entry) => {
  const { code, stdout } = await runCommand(['explain', entry, '-f', file, '--root', root, '-o', 'json']);

  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ area: 'bootParameters', desired: 'cgroup_enable=memory' });
});

test.each(['boot.constructor', 'boot.__proto__', 'boot.toString'])('has general texts for %s', async (entry) => {
  const { stdout } = await runCommand(['explain', entry, '-f', file, '--root', root, '-o', 'json']);

  expect(stdout).toContain('The spec wants every boot of this machine to have it');
});

test('lists boot parameters by the names that explain takes', async () => {
  const { stdout } = await runCommand(['explain', '--list', '-f', file, '--root', root]);

  expect(stdout).toMatch(/^bootParameters +boot\.cgroup_enable=memory +yes/m);
  expect(stdout).toMatch(/^bootParameters +boot\.hugepages +-/m);
});
