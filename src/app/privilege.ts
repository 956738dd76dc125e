import { isSea } from 'node:sea';
import { shellWord } from '../host/shell-words.ts';

/** A command needs rights that the caller does not have. */
export class NotRootError extends Error {
  override readonly name = 'NotRootError';
}

/** Throws `NotRootError` unless the process may change this machine; directories need no root. */
export function requireRoot({ live }: { readonly live: boolean }, command: string): void {
  if (!live || process.geteuid?.() === 0) return;
  throw new NotRootError(
    `"nodeprep ${command}" changes this machine and must run as root:\n  sudo ${sameCommand(process).join(' ')}` +
      (/^(bootstrap|run)\b/.test(command) ? '\nWithout root, "nodeprep plan" shows what it would do.' : ''),
  );
}

/**
 * What was typed, as words for a shell of another user: by the path of the program, because the PATH of root may not
 * have it, and npm may drop the rights again.
 */
export function sameCommand({
  execPath,
  execArgv,
  argv,
}: Pick<NodeJS.Process, 'execPath' | 'execArgv' | 'argv'>): string[] {
  const [, script = '', ...args] = argv;
  const program = isSea() ? [execPath] : [execPath, ...execArgv, script];
  return [...program, ...args].map(shellWord);
}
