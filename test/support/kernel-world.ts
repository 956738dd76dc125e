/**
 * A real kernel to change without harm: a network namespace has sysctls of its own (net.ipv4.*, which
 * follow the process), a mount namespace an /etc, /run and /var/lib of its own.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import type { Finished } from './nodeprep-process.ts';

const HOSTS = join(import.meta.dirname, 'hosts');

/** Why this machine cannot give such a world, `undefined` when it can. */
export function kernelWorldObstacle(): string | undefined {
  const tried = spawnSync('unshare', ['--mount', '--net', 'mount', '-t', 'tmpfs', 'none', '/run'], {
    encoding: 'utf8',
  });
  if (tried.status === 0) return undefined;
  return `needs root and "unshare --mount --net": ${tried.error?.message ?? tried.stderr.trim()}`;
}

export interface KernelWorld {
  /** Arguments of nsenter that lead into the world. */
  readonly enter: readonly string[];
  /** Runs shell lines in the world; throws when they fail. */
  readonly sh: (script: string) => string;
  /** Runs `nodeprep` in the world. */
  readonly nodeprep: (args: readonly string[], options?: { stdin?: string }) => Finished;
  /** Starts `nodeprep`, killed when the test ends. */
  readonly start: (args: readonly string[]) => {
    readonly pid: number;
    readonly output: () => string;
    readonly ended: Promise<number | null>;
  };
}

const SET_UP = `
mount --make-rprivate /
for d in /etc /run /var/lib; do mount -t tmpfs -o size=64m,mode=755 none $d; done
cp -a "$1/debian-12/root/etc/." /etc/
echo ready
exec sleep 600
`;

/** A fresh world that ends with the test. */
export async function kernelWorld(): Promise<KernelWorld> {
  const holder = spawn('unshare', ['--mount', '--net', 'sh', '-ec', SET_UP, 'sh', HOSTS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => resolve());
    holder.once('exit', (code) => reject(new Error(`the namespaces could not be made (exit code ${code})`)));
  });
  const enter = ['-t', String(holder.pid), '-m', '-n', '--'];
  return {
    enter,
    sh: (script) =>
      execFileSync('nsenter', [...enter, 'sh', '-ec', script], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }).trim(),
    nodeprep: (args, options) => {
      const done = spawnSync('nsenter', [...enter, process.execPath, inject('program'), ...args], {
        encoding: 'utf8',
        input: options?.stdin ?? '',
        timeout: 60_000,
      });
      return { code: done.status, stdout: done.stdout, stderr: done.stderr };
    },
    start: (args) => {
      const child = spawn('nsenter', [...enter, process.execPath, inject('program'), ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => (output += text));
      onTestFinished(() => void child.kill('SIGKILL'));
      return { pid: child.pid ?? 0, output: () => output, ended: new Promise((resolve) => child.on('close', resolve)) };
    },
  };
}

/** A document with these sysctls and nothing else. */
export function sysctlSpec(
  entries: Readonly<Record<string, string | Readonly<Record<string, unknown>>>>,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const sysctls = Object.entries(entries).map(([name, entry]) =>
    typeof entry === 'string' ? { name, value: entry } : { name, ...entry },
  );
  return JSON.stringify({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', spec: { sysctls, ...more } });
}
