import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../../support/command-line.ts';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

const DOCUMENT = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n  swap: {behavior: Disabled}\n';

it('a diff keeps the line ends of a file, so that it applies', async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/fstab'), 'LABEL=root / ext4 defaults 0 1\r\n/dev/sdb1 none swap s\u001bw 0 0\r\n');

  const { stdout } = await runCommand(['diff', '--root', root, '--file', '-'], { stdin: DOCUMENT });

  expect(stdout).toContain(' LABEL=root / ext4 defaults 0 1\r\n-/dev/sdb1');
  expect(stdout).not.toContain('\u001b');
});
