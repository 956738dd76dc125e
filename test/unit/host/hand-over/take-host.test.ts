/** The change of the holder, between real processes where one of them dies. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { serveControl } from '../../../../src/host/hand-over/control.ts';
import type { LockHolder, Rank } from '../../../../src/host/hand-over/holder.ts';
import { acquireHostLock, lockHolder } from '../../../../src/host/hand-over/lock.ts';
import { type HostTurn, type Standby, takeHost } from '../../../../src/host/hand-over/take-host.ts';
import { temporaryDirectory } from '../../../support/nodeprep-process.ts';

vi.setConfig({ testTimeout: 60_000 });
const WAIT = { timeout: 15_000, interval: 10 };
const socketOf = (root: string) => join(root, 'run/nodeprep/control/socket');

/** A contender for a host, and what it knows. */
function candidate(
  root: string,
  rank: Rank,
  more: { pid?: number; yielded?: boolean; control?: string | undefined } = {},
) {
  const abort = new AbortController();
  const standbys: Standby[] = [];
  const problems: string[] = [];
  let turn: HostTurn | undefined;
  const taken = takeHost(
    {
      root,
      control: 'control' in more ? more.control : socketOf(root),
      me: { pid: more.pid ?? 1000, version: '1.0.0', command: 'run', rank },
      yielded: more.yielded ?? false,
      random: () => 0,
      onStandby: (standby) => standbys.push(standby),
      onProblem: (problem) => problems.push(problem),
    },
    abort.signal,
  ).then((got) => {
    turn = got;
    return got;
  });
  onTestFinished(async () => {
    abort.abort();
    await taken;
    await turn?.release();
  });
  return { taken, abort, standbys, problems, holds: () => turn !== undefined };
}

async function holding(root: string, rank: Rank, more: Parameters<typeof candidate>[2] = {}): Promise<HostTurn> {
  const turn = await candidate(root, rank, more).taken;
  if (turn === undefined) throw new Error('the host was not taken');
  return turn;
}

/** A process that takes the host with a rank, and holds it until it is killed. */
async function rival(root: string, rank: Rank): Promise<ChildProcess> {
  const script = `
    import { takeHost } from '${process.cwd()}/src/host/hand-over/take-host.ts';
    const [root, rank, control] = process.argv.slice(1);
    const me = { pid: process.pid, version: '9', command: 'run', rank };
    const nothing = () => undefined;
    await takeHost({ root, control, me, random: Math.random, yielded: false, onStandby: nothing, onProblem: nothing }, new AbortController().signal);
    console.log('held');
    setInterval(nothing, 1000);`;
  const args = ['--input-type=module-typescript', '-e', script, root, rank, socketOf(root)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('the agent of a cluster is given the host by the unit, when that has finished what it does', async () => {
  const root = temporaryDirectory();
  const unit = await holding(root, 'host', { pid: 7 });

  const agent = candidate(root, 'cluster');
  await expect.poll(() => unit.asked.aborted, WAIT).toBe(true);

  const why = expect.stringContaining('when it has finished');
  const expected = [{ holder: expect.objectContaining({ pid: 7 }), proven: true, why }];
  await expect.poll(() => agent.standbys, WAIT).toEqual(expected);
  expect(agent.holds()).toBe(false);
  await unit.release();
  await expect.poll(agent.holds, WAIT).toBe(true);
});

test('the unit stands by behind the agent, is known to do so, and comes back when that is gone', async () => {
  const root = temporaryDirectory();
  const agent = await holding(root, 'cluster', { pid: 8 });

  const unit = candidate(root, 'host', { pid: 9, yielded: true });
  await expect.poll(() => unit.standbys.length, WAIT).toBe(1);

  expect(unit.standbys[0]).toMatchObject({ holder: { pid: 8, rank: 'cluster' }, proven: true });
  expect(agent.asked.aborted).toBe(false);
  expect(await lockHolder({ root })).toMatchObject({ pid: 8, standby: [{ pid: 9, rank: 'host' }] });
  await agent.release();
  await expect.poll(unit.holds, WAIT).toBe(true);
  expect(await lockHolder({ root })).toEqual({ pid: 9, version: '1.0.0', command: 'run', rank: 'host' });
});

test('the unit comes back within ten seconds when the agent is killed', async () => {
  const root = temporaryDirectory();
  const agent = await rival(root, 'cluster');
  const unit = candidate(root, 'host');
  await expect.poll(() => unit.standbys.length, WAIT).toBe(1);

  agent.kill('SIGKILL');
  const killed = performance.now();
  await expect.poll(unit.holds, WAIT).toBe(true);

  expect(performance.now() - killed).toBeLessThan(10_000);
});

test('an agent that is started again wins over the unit, which goes on standing by', async () => {
  const root = temporaryDirectory();
  const agent = await rival(root, 'cluster');
  const unit = candidate(root, 'host');
  await expect.poll(() => unit.standbys.length, WAIT).toBe(1);
  agent.kill('SIGKILL');
  await once(agent, 'exit');

  const next = await holding(root, 'cluster', { pid: 11 });

  await expect.poll(() => unit.standbys.at(-1)?.holder?.pid, WAIT).toBe(11);
  expect(unit.holds()).toBe(false);
  expect(next.asked.aborted).toBe(false);
});

test.each(['host', 'cluster'] as const)('nobody of rank %s gives way to his equal, who comes next', async (rank) => {
  const root = temporaryDirectory();
  const first = await holding(root, rank);

  const second = candidate(root, rank, { pid: 5 });
  await expect.poll(() => second.standbys.length, WAIT).toBe(1);

  expect(first.asked.aborted).toBe(false);
  await first.release();
  await expect.poll(second.holds, WAIT).toBe(true);
});

test('a holder that knows no hand-over is waited for, and it is said how to end it', async () => {
  const root = temporaryDirectory();
  const old = await acquireHostLock({ root, holder: { pid: 3, version: '0.1.0', command: 'run' } });

  const agent = candidate(root, 'cluster');
  await expect.poll(() => agent.standbys.length, WAIT).toBe(1);

  expect(agent.standbys[0]).toMatchObject({
    holder: { pid: 3 },
    proven: false,
    why: expect.stringContaining('upgrade'),
  });
  await old.release();
  await expect.poll(agent.holds, WAIT).toBe(true);
});

test('a holder too busy to say at the lock who it is, is known by what it says on the control socket', async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'run/nodeprep/lock'), { recursive: true });
  const lock = createServer(() => undefined).listen({ path: join(root, 'run/nodeprep/lock/0123456789abcdef') });
  const busy: LockHolder = { pid: 12, version: '1.0.0', command: 'run', rank: 'cluster' };
  const control = await serveControl(socketOf(root), busy, () => ({ answer: 'soon' }));
  onTestFinished(() => {
    control.stop();
    control.end();
    lock.close();
  });

  const unit = candidate(root, 'host');
  await expect.poll(() => unit.standbys.length, WAIT).toBe(1);

  expect(unit.standbys).toEqual([{ holder: busy, proven: true, why: 'it manages this host' }]);
});

test('where no control socket can be made the lock still lets in one after the other', async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'run/nodeprep'), { recursive: true });
  writeFileSync(join(root, 'run/nodeprep/control'), 'in the way');
  const unit = candidate(root, 'host');
  await expect.poll(unit.holds, WAIT).toBe(true);
  expect(unit.problems).toEqual([expect.stringContaining('Cannot make the control socket')]);

  const agent = candidate(root, 'cluster');
  await expect.poll(() => agent.standbys.length, WAIT).toBe(1);
  await (await unit.taken)?.release();

  await expect.poll(agent.holds, WAIT).toBe(true);
});

test('the control socket is for its owner only, and goes with the turn', async () => {
  const root = temporaryDirectory();
  mkdirSync(dirname(socketOf(root)), { recursive: true });
  chmodSync(dirname(socketOf(root)), 0o777);
  writeFileSync(socketOf(root), 'of one that was killed');

  const turn = await holding(root, 'host');

  expect(statSync(dirname(socketOf(root))).mode & 0o777).toBe(0o700);
  expect(statSync(socketOf(root)).isSocket()).toBe(true);
  await turn.release();
  expect(existsSync(socketOf(root))).toBe(false);
});

test('one who frees the host late does not take the socket of the next away', async () => {
  const root = temporaryDirectory();
  const first = await holding(root, 'host');
  const second = candidate(root, 'cluster');
  await expect.poll(() => first.asked.aborted, WAIT).toBe(true);

  await first.release();
  await first.release();
  await expect.poll(second.holds, WAIT).toBe(true);

  const third = candidate(root, 'host', { pid: 4 });
  await expect.poll(() => third.standbys[0]?.proven, WAIT).toBe(true);
});

test.each([
  ['says nothing', ''],
  ['is not JSON', 'GET / HTTP/1.1\r\n\r\n'],
  ['asks for something else', '{"ask":"everything","pid":1,"rank":"cluster"}\n'],
  ['does not say who asks', '{"ask":"hand-over","rank":"cluster"}\n'],
  ['asks below the rank', '{"ask":"hand-over","pid":1,"rank":"emperor"}\n'],
  ['never ends a line', 'x'.repeat(100_000)],
  ['hangs up', undefined],
])('one on the control socket who %s gets nothing, and others are still heard', async (_, text) => {
  const root = temporaryDirectory();
  const unit = await holding(root, 'host');
  const strangers = Array.from({ length: 10 }, () => connect(socketOf(root)).on('error', () => undefined));
  onTestFinished(() => {
    for (const stranger of strangers) stranger.destroy();
  });
  for (const stranger of strangers) {
    if (text === undefined) stranger.destroy();
    else stranger.write(text);
  }
  const waiter = candidate(root, 'host', { pid: 6 });
  await expect.poll(() => waiter.standbys[0]?.proven, WAIT).toBe(true);
  expect(unit.asked.aborted).toBe(false);

  candidate(root, 'cluster');

  await expect.poll(() => unit.asked.aborted, WAIT).toBe(true);
});

test('who is aborted while waiting gets nothing and disturbs nobody', async () => {
  const root = temporaryDirectory();
  await holding(root, 'cluster', { pid: 2 });
  const unit = candidate(root, 'host', { pid: 3 });
  await expect.poll(() => unit.standbys.length, WAIT).toBe(1);

  unit.abort.abort();

  expect(await unit.taken).toBeUndefined();
  await expect.poll(async () => (await lockHolder({ root }))?.standby, WAIT).toBeUndefined();
});
