/** The daemon as a process that is measured from outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Memory, memoryFrom } from './process-memory.ts';

const PORT = 19_752;

export interface RunningDaemon {
  readonly pid: number;
  readonly memoryMb: () => Memory;
  /** CPU time of all threads so far. */
  readonly cpuMs: () => number;
  /** Complete passes so far. */
  readonly passes: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** Starts it as its unit does, and waits until its first pass has ended and it has become quiet. */
export async function startDaemon(executable: string, args: readonly string[] = []): Promise<RunningDaemon> {
  const child = spawn(executable, ['run', '--metrics-port', String(PORT), ...args], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '2' },
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`Cannot start "${executable}"`);
  await isReady(child);
  await sleep(3000);
  return {
    pid,
    memoryMb: () => memoryFrom(readFileSync(`/proc/${pid}/status`, 'utf8')),
    cpuMs: () =>
      readdirSync(`/proc/${pid}/task`)
        .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6)
        .reduce((sum, value) => sum + value, 0),
    passes: async () => {
      const text = await (await fetch(`http://127.0.0.1:${PORT}/metrics`)).text();
      return [...text.matchAll(/^nodeprep_rounds_total\{[^}]*\} (\d+)/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function isReady(child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`The daemon ended with ${child.exitCode} instead of becoming ready`);
    const ready = await fetch(`http://127.0.0.1:${PORT}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await sleep(50);
  }
  throw new Error('The daemon did not become ready within 30 s');
}
