import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { copyOfHost, nodeprep, type Running, startNodeprep } from '../../support/nodeprep-process.ts';
import { treeOf } from '../../support/tree.ts';

vi.setConfig({ testTimeout: 240_000 });

/** Right after the n-th step was done, and at moments that fall anywhere. */
const KILLS: readonly ((running: Running) => Promise<unknown>)[] = [
  ...[1, 2, 3, 4, 5, 6].map((steps) => (running: Running) => afterSteps(running, steps)),
  ...[350, 450, 550].map((ms) => () => pause(ms)),
];

async function afterSteps({ stdout, finished }: Running, steps: number): Promise<void> {
  let isOver = false;
  void finished.then(() => (isOver = true));
  while (!isOver && stdout().split('✓').length <= steps) await pause(1);
}

it('gives the host back byte for byte however often bootstrap and uninstall are killed', async () => {
  const pristine = treeOf(copyOfHost('debian-12'));
  const root = copyOfHost('debian-12');
  for (const command of ['bootstrap', 'uninstall', 'bootstrap'] as const) {
    for (const moment of KILLS) {
      const running = startNodeprep([command, '--root', root]);
      await moment(running);
      running.child.kill('SIGKILL');
      await running.finished;
    }
  }

  expect((await nodeprep(['bootstrap', '--root', root])).code).toBe(3);
  const { code } = await nodeprep(['uninstall', '--root', root]);

  expect(code).toBe(0);
  expect(treeOf(root)).toBe(pristine);
});
