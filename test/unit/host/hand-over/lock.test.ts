/** One writer per host, whatever happens to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { acquireHostLock, HostBusyError, type HostLock } from '../../../../src/host/hand-over/lock.ts';
import { temporaryDirectory } from '../../../support/hosts-alike.ts';

const holder = { pid: process.pid, version: '0.1.0', command: 'nodeprep run' };
const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function acquire(root: string): Promise<HostLock> {
  const lock = await acquireHostLock({ root, holder });
  cleanUps.push(lock.release);
  return lock;
}

/** A process that takes the host, says whether it got it, and holds it until it is killed. */
function rival(root: string): ChildProcess & { readonly stdout: NonNullable<ChildProcess['stdout']> } {
  const script = `
    import { acquireHostLock } from '${process.cwd()}/src/host/hand-over/lock.ts';
    const holder = { pid: process.pid, version: '9', command: 'rival' };
    await acquireHostLock({ root: process.argv[1], holder }).then(() => console.log('held'), (error) => console.log(error.name));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script, root]);
  cleanUps.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

const firstWord = async (child: ReturnType<typeof rival>) => String((await once(child.stdout, 'data'))[0]).trim();

const claimsOf = (root: string) => join(root, 'run/nodeprep/lock');

/** Claims the host with something that is not NodePrep; only who may change the host can. */
async function squat(root: string, answer: string | undefined): Promise<void> {
  const sockets = new Set<{ destroy: () => unknown }>();
  mkdirSync(claimsOf(root), { recursive: true });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (answer !== undefined) socket.end(answer);
  }).listen(join(claimsOf(root), '0123456789abcdef'));
  await once(server, 'listening');
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
}

test('a second one is refused and told who holds the host', async () => {
  const root = temporaryDirectory();
  await acquire(root);

  const error = await acquireHostLock({ root, holder }).catch((refused: unknown) => refused);

  expect(error).toBeInstanceOf(HostBusyError);
  expect(error).toMatchObject({ holder });
  expect(String(error)).toContain(`process ${process.pid} ("nodeprep run", version 0.1.0) is already managing it`);
});

test('one that is released can be taken again, and releasing twice is fine', async () => {
  const root = temporaryDirectory();
  const lock = await acquire(root);

  await lock.release();
  await lock.release();

  await expect(acquire(root)).resolves.toBeDefined();
});

test('is one lock for all names of a directory, and another for another directory', async () => {
  const root = temporaryDirectory();
  const other = temporaryDirectory();
  symlinkSync(root, `${other}/alias`);
  await acquire(root);

  await expect(acquire(`${other}/alias/`)).rejects.toBeInstanceOf(HostBusyError);
  await expect(acquire(other)).resolves.toBeDefined();
});

test('a holder that is killed frees the host at once', async () => {
  const root = temporaryDirectory();
  const child = rival(root);
  expect(await firstWord(child)).toBe('held');
  await expect(acquire(root)).rejects.toMatchObject({ holder: { pid: child.pid, command: 'rival' } });

  child.kill('SIGKILL');
  await once(child, 'exit');

  await expect(acquire(root)).resolves.toBeDefined();
});

test('of many that start together exactly one gets the host', async () => {
  const root = temporaryDirectory();

  const words = await Promise.all(Array.from({ length: 5 }, () => firstWord(rival(root))));

  expect(words.toSorted()).toEqual(['HostBusyError', 'HostBusyError', 'HostBusyError', 'HostBusyError', 'held']);
});

test('does not keep a process alive', async () => {
  const script = `
    import { acquireHostLock } from '${process.cwd()}/src/host/hand-over/lock.ts';
    await acquireHostLock({ root: process.argv[1], holder: { pid: 1, version: '', command: '' } });
    console.log('held');`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script, temporaryDirectory()]);

  expect(await text(child.stdout)).toBe('held\n');
});

test.each([
  ['says nothing', undefined],
  ['hangs up', ''],
  ['is not JSON', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['is JSON of something else', '[1, 2]\n'],
  ['has no process id', '{"pid":"1; rm -rf /","command":"x"}\n'],
  ['never ends', '{'.repeat(1_000_000)],
])('a holder that %s keeps the host', async (_, answer) => {
  const root = temporaryDirectory();
  await squat(root, answer);

  const error = await acquireHostLock({ root, holder }).catch((refused: unknown) => refused);

  expect(error).toBeInstanceOf(HostBusyError);
  expect(error).toMatchObject({ holder: undefined, message: expect.stringContaining('does not answer') });
});

test('what a holder says cannot write to the terminal or fill it', async () => {
  const root = temporaryDirectory();
  await squat(root, `${JSON.stringify({ pid: 7, version: '\u001B[2J', command: 'x'.repeat(3000) })}\n`);

  const error = await acquireHostLock({ root, holder }).catch((refused: unknown) => refused);

  expect(String(error)).not.toMatch(/\p{C}/u);
  expect(String(error).length).toBeLessThan(500);
});

test('a client that floods or stays does not disturb the holder', async () => {
  const root = temporaryDirectory();
  const lock = await acquire(root);
  const name = join(claimsOf(root), readdirSync(claimsOf(root))[0] ?? '');
  const clients = Array.from({ length: 30 }, () => connect(name).on('error', () => undefined));
  for (const client of clients) client.write('x'.repeat(100_000));

  await expect
    .poll(() => acquireHostLock({ root, holder }).catch((refused: unknown) => refused))
    .toMatchObject({ holder });
  await lock.release();

  for (const client of clients) client.destroy();
});

test('nobody gets a host by what killed processes left, and it is cleared away', async () => {
  const root = temporaryDirectory();
  const child = rival(root);
  expect(await firstWord(child)).toBe('held');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const left = readdirSync(claimsOf(root));

  const lock = await acquire(root);

  expect(readdirSync(claimsOf(root))).toHaveLength(1);
  expect(readdirSync(claimsOf(root))).not.toEqual(left);
  await lock.release();
  expect(readdirSync(claimsOf(root))).toEqual([]);
});

test('a host whose lock others could take is not taken', async () => {
  const root = temporaryDirectory();
  mkdirSync(claimsOf(root), { recursive: true });
  chmodSync(claimsOf(root), 0o777);

  await expect(acquire(root)).rejects.toThrow(/others may write there/);
});

test('a host can be taken however deep its directory lies', async () => {
  const root = join(temporaryDirectory(), 'a'.repeat(200));
  mkdirSync(root);
  await acquire(root);

  await expect(acquire(root)).rejects.toMatchObject({ holder });
});

test('a holder keeps a host whose /run is cleared', async () => {
  const root = temporaryDirectory();
  await acquire(root);

  rmSync(join(root, 'run'), { recursive: true });

  await expect.poll(() => existsSync(claimsOf(root)) && readdirSync(claimsOf(root)).length).toBe(1);
  await expect(acquire(root)).rejects.toMatchObject({ holder });
});
