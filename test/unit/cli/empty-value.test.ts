import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runCommand } from '../../support/command-line.ts';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

it.each(['status', 'plan'])('%s tells a parameter without a value from one that is absent', async (command) => {
  const root = temporaryDirectory();
  mkdirSync(`${root}/proc/sys/net/ipv4`, { recursive: true });
  writeFileSync(`${root}/proc/sys/net/ipv4/ip_local_reserved_ports`, '\n');
  const document = `apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:
  sysctls: [{name: net.ipv4.ip_local_reserved_ports, value: "10250", match: Contains}]\n`;

  const { stdout } = await runCommand([command, '--root', root, '--file', '-'], { stdin: document });

  expect(stdout).toContain('(empty)');
});
