import { type BigIntStats, fstatSync, writeSync } from 'node:fs';

/** Where the log goes, and who reads it there. */
export interface OwnOutput {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  /** The journal reads it, so a line may begin with a priority. */
  readonly isJournal?: boolean;
}

/** Where the log goes unless told otherwise; may throw, and can be written again when what was in the way is gone. */
export function ownOutput(env: Readonly<Record<string, string | undefined>>): OwnOutput {
  const stat = statOf(1);
  // A program that a unit starts may have its output redirected, and the variable stays.
  const isJournal = stat !== undefined && env['JOURNAL_STREAM'] === `${stat.dev}:${stat.ino}`;
  // The stream of Node's over a file would be closed for good by the first full disk.
  if (stat?.isFile() === true) return { write: (text) => writeSync(1, text), isJournal };
  return { write: (text) => process.stdout.write(text), isTTY: process.stdout.isTTY, isJournal };
}

/** Whether standard output takes colour: a terminal does, unless it is dumb or NO_COLOR says no. */
export function takesColor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  return isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

function statOf(descriptor: number): BigIntStats | undefined {
  try {
    return fstatSync(descriptor, { bigint: true });
  } catch {
    return undefined;
  }
}
