import { describe, expect, it, vi } from 'vitest';
import { runCommand } from '../../../support/command-line.ts';
import { temporaryDirectory } from '../../../support/nodeprep-process.ts';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

vi.setConfig({ testTimeout: 60_000 });

describe('nodeprep run --kube', () => {
  it.each([
    [['--kubeconfig', '/x'], "option '--kubeconfig' needs '--kube'"],
    [['--node-name', 'w'], "option '--node-name' needs '--kube'"],
    [['--kube', '--node-name', 'Worker_1'], '"Worker_1" is not the name of a Node: expected lower-case letters'],
    [['--kube', '--node-name', '../nodes/other'], 'is not the name of a Node'],
    [['--kube', '--kubeconfig', '/no/such/kubeconfig'], 'Cannot read "/no/such/kubeconfig": there is no such file'],
    [['--kube', '--startup-taint', 'a b'], 'Expected a taint such as nodeprep.dev/not-ready'],
  ])('refuses %j with what is wrong', async (args, message) => {
    const { code, stderr } = await runCommand(['run', '--metrics-port', '0', ...args]);

    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  it('refuses a name from the environment, and a host name that cannot be that of a Node', async () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/hostname'), 'my_machine\n');
    const args = ['run', '--metrics-port', '0', '--kube', '--root', root];

    expect((await runCommand(args, { env: { NODE_NAME: 'a b' } })).stderr).toContain('"a b" is not the name of a Node');
    expect((await runCommand(args, { env: { NODE_NAME: undefined } })).stderr).toContain('give it with --node-name');
  });
});
