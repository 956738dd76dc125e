import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Runs a program to its end and returns what it printed; throws with its own words when it fails. */
export function run(program: string, args: readonly string[], options: { cwd?: string; env?: object } = {}): string {
  const { cwd, env } = options;
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
  });
  if (result.error !== undefined) throw new Error(`Cannot run "${program}"`, { cause: result.error });
  if (result.status === 0) return result.stdout;
  throw new Error(`Command "${[program, ...args].join(' ')}" failed: ${result.stderr.trim() || result.stdout.trim()}`);
}

/** Whether there is a program of that name in PATH. */
export function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
