/** Runs the command line inside the test: for all that is not about the process itself. */
import { vi } from 'vitest';
import type { Io } from '../../src/cli/io.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Finished } from './nodeprep-process.ts';

/** What a test gives to a command. */
export interface CommandInput {
  readonly stdin?: string | Uint8Array;
  /** Set until the test ends; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How this terminal differs from a pipe. */
  readonly io?: Partial<Io>;
}

/** Runs one command to its end, as `nodeprep` in `nodeprep-process.ts` does with a process. */
export async function runCommand(args: readonly string[], input: CommandInput = {}): Promise<Finished> {
  for (const [name, value] of Object.entries(input.env ?? {})) vi.stubEnv(name, value);
  const seen = { code: 0, stdout: '', stderr: '' };
  await runCli(args, {
    out: (text) => void (seen.stdout += text),
    err: (text) => void (seen.stderr += text),
    readStdin: async () => Buffer.from(input.stdin ?? ''),
    color: false,
    columns: 160,
    signal: new AbortController().signal,
    onHangup: () => () => undefined,
    exit: (code) => void (seen.code = code),
    ...input.io,
  });
  return seen;
}
