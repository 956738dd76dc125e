import type { Command } from './host.ts';

/** What comes from outside, such as a path or an argument, fit for one line of a terminal or a log. */
function shown(text: string): string {
  const cut = text.length > 300 ? `${text.slice(0, 300)}...` : text;
  return cut.replace(/\p{C}/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** A file of the host could not be read or written; `code` is the errno name, such as `EROFS`. */
export class HostFileError extends Error {
  override readonly name = 'HostFileError';
  readonly path: string;
  readonly code: string;
  readonly #action: string;
  readonly #detail: string;

  constructor(
    action: string,
    path: string,
    code: string,
    detail: string,
    options?: ErrorOptions & { readonly below?: string },
  ) {
    super(`Cannot ${action} "${shown(`${options?.below ?? ''}${path}`)}": ${detail}`, options);
    this.path = path;
    this.code = code;
    this.#action = action;
    this.#detail = detail;
  }

  /** The same error of a host that is a directory: the message names the file where it is on this machine. */
  below(directory: string): HostFileError {
    const { cause, path, code } = this;
    return new HostFileError(this.#action, path, code, this.#detail, { cause, below: directory });
  }
}

/** Why a file with other names is not replaced: they would keep the old contents without a word. */
export function otherNames(path: string, links: number): HostFileError {
  const detail = `it has ${links} names (hard links), and the others would keep the old contents; "find / -xdev -samefile ${path}" shows them, and "cp -p ${path} ${path}.new && mv ${path}.new ${path}" makes it a file of its own`;
  return new HostFileError('replace', path, 'EMLINK', detail);
}

/** A directory that was given as the root of the running host is not, or not all of it. */
export class HostRootError extends Error {
  override readonly name = 'HostRootError';
}

/** A command ended with a non-zero exit code, by a signal or by its time limit. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  readonly command: Command;
  /** `undefined` when the command did not exit by itself. */
  readonly exitCode: number | undefined;
  readonly stderr: string;
  readonly timedOut: boolean;

  constructor(
    command: Command,
    outcome: { exitCode?: number; stderr?: string; timedOut?: boolean; detail: string },
    options?: ErrorOptions,
  ) {
    super(`Command "${shown(command.join(' '))}" failed: ${outcome.detail}`, options);
    this.command = command;
    this.exitCode = outcome.exitCode;
    this.stderr = outcome.stderr ?? '';
    this.timedOut = outcome.timedOut ?? false;
  }
}

/** The command does not exist on this host, or must not be run on it. */
export class CommandMissingError extends CommandError {
  override readonly name = 'CommandMissingError';

  constructor(command: Command, detail: string, options?: ErrorOptions) {
    super(command, { detail }, options);
  }
}
