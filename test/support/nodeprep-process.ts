/** Runs the command line as a process of its own, as a person would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly finished: Promise<Finished>;
}

/** Starts `nodeprep`, bundled from the sources; it is killed when the test ends. */
export function startNodeprep(args: readonly string[], options: StartOptions = {}): Running {
  return startProgram(process.execPath, [inject('program'), ...args], options);
}

/** Starts any program; it is killed when the test ends. */
export function startProgram(program: string, args: readonly string[], options: StartOptions = {}): Running {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const finished = new Promise<Finished>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, stdout: () => stdout, stderr: () => stderr, finished };
}

/** Runs `nodeprep` to its end. */
export async function nodeprep(
  args: readonly string[],
  options: { stdin?: string | Uint8Array; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Finished> {
  const running = startNodeprep(args, options);
  running.child.stdin?.on('error', () => {});
  running.child.stdin?.end(options.stdin ?? '');
  return running.finished;
}

/** A captured host has more than a thousand small files: in memory they are copied thirty times faster. */
const PARENT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** An empty directory that is removed after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(PARENT, 'nodeprep-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A private copy of a captured host, such as `debian-12`. */
export function copyOfHost(name: string): string {
  const directory = temporaryDirectory();
  cpSync(join(import.meta.dirname, 'hosts', name, 'root'), directory, { recursive: true, verbatimSymlinks: true });
  return directory;
}
