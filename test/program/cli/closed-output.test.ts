/** What is done to a host does not depend on who reads what is printed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

vi.setConfig({ testTimeout: 60_000 });
const MAIN = join(import.meta.dirname, '../../../src/main.ts');
const FILE = 'etc/sysctl.d/99-zz-nodeprep.conf';

/** Runs a command whose reader is gone before the first word, and returns its exit code. */
async function withoutReader(args: readonly string[]): Promise<number | null> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  child.stderr.destroy();
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

const written = (root: string) => existsSync(join(root, 'var/lib/nodeprep/ledger.json'));

test('bootstrap and uninstall work to their end when nobody reads, and tell the result', async () => {
  const root = temporaryDirectory();

  expect(await withoutReader(['bootstrap', '--root', root])).toBe(3);
  expect(written(root)).toBe(true);
  expect(await withoutReader(['uninstall', '--root', root])).toBe(0);
  expect(written(root)).toBe(false);
});

test('a watch that nobody reads ends', async () => {
  const root = temporaryDirectory();

  expect(await withoutReader(['status', '--watch', '--root', root])).toBe(2);
});

test.skipIf(!existsSync('/dev/full'))('the daemon outlives a log that cannot be written', async () => {
  const root = temporaryDirectory();
  const full = openSync('/dev/full', 'w');
  const args = ['run', '--root', root, '--metrics-port', '0'];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', full, full] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const status = join(root, 'run/nodeprep/status.json');
  await expect.poll(() => existsSync(status), { timeout: 30_000 }).toBe(true);

  rmSync(join(root, FILE), { force: true });

  await expect.poll(() => existsSync(join(root, FILE)), { timeout: 30_000 }).toBe(true);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
