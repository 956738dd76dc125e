/** Runs one command line and turns what went wrong into a message and an exit code. */
import { CommanderError } from 'commander';
import type { Io } from './io.ts';
import { buildProgram } from './program.ts';
import { paintFor, printable } from './output/table.ts';

/** Errors whose message says all there is to say. By name, because their classes belong to parts that few commands load. */
const EXPECTED = new Set([
  'SpecInvalidError',
  'HostFileError',
  'CommandError',
  'CommandMissingError',
  'HostBusyError',
  'HostRootError',
  'NodeNameError',
  'NotInstallableError',
  'NotRootError',
  'RetryNameError',
  'UnknownEntryError',
  'ServerStartError',
  'StdinError',
]);

/** Exit codes of commands that could not do their work, where 1 says something else. */
const FAILED: Readonly<Record<string, number>> = { diff: 2 };

/** `argv` without the program's own name. Never throws. */
export async function runCli(argv: readonly string[], io: Io): Promise<void> {
  const failed = FAILED[argv[0] ?? ''] ?? 1;
  try {
    await buildProgram(io).parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return io.exit(error.exitCode === 0 ? 0 : failed);
    if (io.signal.aborted) return io.exit(failed);
    io.err(`${paintFor(io.color)('red', 'Error')}: ${messageOf(error)}\n`);
    io.exit(failed);
  }
}

/** A stack trace helps only where the mistake is ours. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = EXPECTED.has(error.name);
  const text = expected ? error.message : `${error.message}\nThis is a bug in NodePrep. ${error.stack ?? ''}`;
  return text.split('\n').map(printable).join('\n');
}
