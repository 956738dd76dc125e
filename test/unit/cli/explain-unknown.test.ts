import { expect, it } from 'vitest';
import { runCommand } from '../../support/command-line.ts';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

it('a word that can be no entry is answered with one list of what there is', async () => {
  const { code, stderr } = await runCommand(['explain', 'vm.a=1', '--root', temporaryDirectory()]);

  expect(code).toBe(1);
  expect(stderr).toContain(
    'a kernel parameter (net.ipv4.ip_forward), "cgroup", a container runtime (containerd), "swap" or a kernel parameter of the boot (boot.cgroup_enable);',
  );
});
