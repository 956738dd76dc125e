/** One process of a control plane: its log, and its end by process id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** A running or ended process of a control plane. */
export interface ServerProcess {
  readonly pid: number;
  readonly isRunning: () => boolean;
  /** The last lines that it wrote. */
  readonly log: (lines?: number) => string;
  /** Ends it and waits for its end; after ten seconds of SIGTERM by SIGKILL. */
  readonly stop: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>;
  /** Freezes it, so that its connections stay open and nobody answers; and lets it go on. */
  readonly freeze: () => void;
  readonly thaw: () => void;
}

// A killed test runner leaves no servers behind: the kernel ends them with the process that started them.
const ENDS_WITH_PARENT = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'] : [];

/** Starts a program whose output goes to `logFile`, after what is already there. */
export function startProcess(program: string, args: readonly string[], logFile: string): ServerProcess {
  const log = openSync(logFile, 'a');
  const [first = program, ...rest] = [...ENDS_WITH_PARENT, program, ...args];
  const child: ChildProcess = spawn(first, rest, { stdio: ['ignore', log, log], env: { PATH: process.env['PATH'] } });
  closeSync(log);
  // Without a listener, a program that cannot be started would end the test runner.
  child.on('error', () => undefined);
  const isRunning = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? -1,
    isRunning,
    log: (lines = 30) => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: async (signal = 'SIGTERM') => {
      if (!isRunning()) return;
      const ended = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill(signal);
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** A program listens some time after it was given its port, and the next one must not be given the same. */
const given = new Set<number>();

/** Ports of the loopback address that nobody listens on, below the range from which the kernel takes ports itself. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1' });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((done) => server.close(done));
  }
}
