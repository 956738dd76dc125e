/** Hints that are no path: units, sockets and programs that print what changes. */
import { spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HostWatcher } from '../../src/host/host.ts';
import { createHostWatcher } from '../../src/host/watch/watcher.ts';
import { temporaryDirectory } from '../support/hosts-alike.ts';

const UNITS = '/run/systemd/units';
let root: string;
let watcher: HostWatcher;
let told: string[];
const onHint = (name: string) => told.push(name);
const hint = async () => {
  await vi.waitUntil(() => told.length > 0, { timeout: 20_000 });
  return [...new Set(told.splice(0))];
};

beforeEach(() => {
  root = temporaryDirectory();
  told = [];
  watcher = createHostWatcher({ root, pollMs: 20, debounceMs: 20 });
});
afterEach(() => watcher.close());

/** What systemd does when a unit starts (unit_export_invocation_id). */
function started(unit: string, invocation: string): void {
  symlinkSync(invocation, `${root}${UNITS}/.#${unit}`);
  renameSync(`${root}${UNITS}/.#${unit}`, `${root}${UNITS}/invocation:${unit}`);
}

test('start, restart and stop of a unit are told by its name', async () => {
  mkdirSync(`${root}${UNITS}`, { recursive: true });
  await watcher.watch([{ unit: 'containerd.service' }], onHint);

  started('containerd.service', 'a'.repeat(32));
  expect(await hint()).toEqual(['unit containerd.service']);
  started('containerd.service', 'b'.repeat(32));
  expect(await hint()).toEqual(['unit containerd.service']);
  rmSync(`${root}${UNITS}/invocation:containerd.service`);
  expect(await hint()).toEqual(['unit containerd.service']);
});

test('a socket that is bound, bound anew or gone is told', async () => {
  mkdirSync(`${root}/run`);
  await watcher.watch([{ socket: '/run/c.sock' }], onHint);
  const listen = () =>
    new Promise<ReturnType<typeof createServer>>((resolve) => {
      const server = createServer().listen(`${root}/run/c.sock`, () => resolve(server));
    });

  const server = await listen();
  expect(await hint()).toEqual(['socket /run/c.sock']);
  await new Promise((resolve) => server.close(resolve));
  expect(await hint()).toEqual(['socket /run/c.sock']);
  const again = await listen();
  expect(await hint()).toEqual(['socket /run/c.sock']);
  await new Promise((resolve) => again.close(resolve));
});

test('a line of a program is told, and so is its end, after which it runs again', async () => {
  await watcher.close();
  watcher = createHostWatcher({ root: '/', debounceMs: 20 });
  const feed = `${root}/feed`;
  const output = ['tail', '-n', '0', '-F', feed] as const;
  writeFileSync(feed, '');
  await watcher.watch([{ output }], onHint);
  const children = () => runningWith(feed);
  await vi.waitUntil(async () => (await children()).length === 1, { timeout: 20_000 });

  await vi.waitUntil(
    () => {
      writeFileSync(feed, 'changed\n', { flag: 'a' });
      return told.length > 0;
    },
    { timeout: 20_000 },
  );
  const [first = 0] = await children();
  told = [];
  process.kill(first, 'SIGKILL');
  expect(await hint()).toEqual([`output of ${output.join(' ')}`]);
  await vi.waitUntil(async () => (await children()).some((pid) => pid !== first), { timeout: 20_000 });

  await watcher.watch([], onHint);
  await vi.waitUntil(async () => (await children()).length === 0, { timeout: 20_000 });
}, 60_000);

test('a program that cannot be started is no error', async () => {
  await watcher.close();
  watcher = createHostWatcher({ root: '/' });

  await expect(watcher.watch([{ output: ['no-such-program-here'] }], onHint)).resolves.toBeUndefined();
});

/** Process IDs whose command line has the text. */
async function runningWith(text: string): Promise<number[]> {
  const pgrep = spawn('pgrep', ['-f', `^tail.*${text}`]);
  let found = '';
  pgrep.stdout.setEncoding('utf8').on('data', (data: string) => (found += data));
  await new Promise((resolve) => pgrep.on('close', resolve));
  return found.split('\n').filter(Boolean).map(Number);
}
