import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLocalSpec } from '../../../../src/app/daemon/local-spec.ts';
import { openMachine } from '../../../../src/app/machine.ts';

const document = (...names: readonly string[]) =>
  'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n  sysctls:\n' +
  names.map((name) => `  - { name: ${name}, value: 1 }\n`).join('');

/** An agent on a host with a spec file, and with a default document of its own. */
async function agent() {
  const root = mkdtempSync(join(tmpdir(), 'nodeprep-test-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'etc/nodeprep'), { recursive: true });
  const standIn = join(root, 'default.yaml');
  writeFileSync(standIn, document('vm.default'));
  const file = join(root, 'etc/nodeprep/nodeprep.yaml');
  writeFileSync(file, document('vm.a', 'vm.b'));
  const time = { ms: 0 };
  const local = createLocalSpec({ ...openMachine({ root }), clock: () => time.ms }, { files: [] }, standIn);
  onTestFinished(await local.watch(() => undefined));
  const names = async () => {
    const spec = await local.read();
    return spec.kind === 'document' ? spec.spec.sysctls?.map(({ name }) => name) : spec.kind;
  };
  expect(await names()).toEqual(['vm.a', 'vm.b']);
  return { file, time, names };
}

test('the default of the agent does not replace a file that is away for a moment', async () => {
  const { file, time, names } = await agent();

  rmSync(file);
  expect(await names()).toEqual(['vm.a', 'vm.b']);
  writeFileSync(file, document('vm.a', 'vm.b'));
  expect(await names()).toEqual(['vm.a', 'vm.b']);

  rmSync(file);
  expect(await names()).toEqual(['vm.a', 'vm.b']);
  time.ms += 3000;
  expect(await names()).toEqual(['vm.default']);
});

test('half a file of the host is not brought into the cluster', async () => {
  const { file, time, names } = await agent();

  writeFileSync(file, document('vm.a'));
  expect(await names()).toEqual(['vm.a', 'vm.b']);
  time.ms += 3000;
  expect(await names()).toEqual(['vm.a']);
});
