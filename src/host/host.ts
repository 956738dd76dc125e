/**
 * The Host port: everything NodePrep can see and do on a machine.
 *
 * Areas observe through `HostReader`, which cannot change anything, and act through `Host`.
 * `LinuxHost` is the real machine (or a directory that stands for one), `MemoryHost` a small
 * stateful Linux for tests; `test/contract` holds both to the same behaviour.
 */

import type { AskOptions, Query, SocketAnswer, SocketQuestion } from './query.ts';

/** A program and its arguments; never a shell string, so no name can turn into syntax. */
export type Command = readonly [string, ...string[]];

/** What a finished command printed; a non-zero exit is a `CommandError` instead. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** Limits of one command. */
export interface CommandOptions {
  /** After this many milliseconds the command and its children are killed; default 30 000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What `lstat` says of a path: a link is reported as itself, never as its target. */
export interface FileStat {
  readonly type: 'file' | 'directory' | 'link' | 'block' | 'other';
  /** Permission bits only, such as 0o644. */
  readonly mode: number;
  readonly size: number;
  /** User number of the owner. */
  readonly owner: number;
  /** Names of the file, itself included; more than one means hard links. */
  readonly links: number;
  /** When the contents, or the names in a directory, were changed last, in milliseconds since 1970. */
  readonly modifiedMs: number;
}

/**
 * Whose kernel the host's `/proc` and `/sys` show: `running` can be read and changed, `captured`
 * (a directory with a copied `/proc`) can only be read, `absent` (an image) has no live state.
 */
export type Kernel = 'running' | 'captured' | 'absent';

/**
 * How the bytes of a file become a string. `bytes` gives one character per byte, so that a foreign
 * file which is edited in part goes back byte for byte even when it is not UTF-8.
 */
export type TextEncoding = 'utf8' | 'bytes';

/** Read-only view of the host. Paths are absolute, as on the host itself. */
export interface HostReader {
  readonly kernel: Kernel;
  /** The directory of this machine that stands for the host, for messages that name its files; absent on a running one. */
  readonly directory?: string;
  /** The contents, following links; `undefined` when absent; throws `HostFileError` for all else. */
  readonly readFile: (path: string, encoding?: TextEncoding) => Promise<string | undefined>;
  /**
   * What `parse` makes of the contents; `undefined` when absent. The same value again for as long as the file holds the
   * same, so `parse` must be one function for all calls, and depend on nothing else. Throws what `readFile` and `parse` throw.
   */
  readonly parsed: <T>(
    path: string,
    parse: (text: string, path: string) => T,
    encoding?: TextEncoding,
  ) => Promise<T | undefined>;
  /** SHA-256 of a plain file of any size, in hexadecimal, following links; `undefined` when absent. */
  readonly sumOf: (path: string) => Promise<string | undefined>;
  /** Bytes that can still be written on the file system of a directory; `undefined` when absent. */
  readonly freeBytes: (path: string) => Promise<number | undefined>;
  /** The names in a directory, sorted; `undefined` when absent. */
  readonly listDirectory: (path: string) => Promise<readonly string[] | undefined>;
  /** Does not follow a final link; `undefined` when absent. */
  readonly stat: (path: string) => Promise<FileStat | undefined>;
  /** The target as written in the link; `undefined` when absent or not a link. */
  readonly readLink: (path: string) => Promise<string | undefined>;
  /** The absolute path with every link resolved; `undefined` when it leads nowhere. */
  readonly realPath: (path: string) => Promise<string | undefined>;
  /**
   * Runs one of the commands that only read, such as `systemctl show`. Throws `CommandError`
   * (`CommandMissingError` when there is no such command, as always on a directory host).
   */
  readonly query: (command: Query, options?: CommandOptions) => Promise<CommandOutput>;
  /**
   * Asks questions that change nothing over one connection, which is closed afterwards; an answer to each, in order.
   * Answers are kept while the stamp is the same: for ten minutes, failures for one. Throws only when aborted.
   */
  readonly ask: (
    socket: string,
    questions: readonly SocketQuestion[],
    options: AskOptions,
  ) => Promise<readonly SocketAnswer[]>;
}

/** How a file is written. */
export interface WriteOptions {
  readonly encoding?: TextEncoding;
  /** Permission bits of a new file, default 0o644; an existing file keeps its own. */
  readonly mode?: number;
  /** Refuses a file that has other names (hard links), which would keep the old contents. */
  readonly onlyName?: boolean;
}

/** The host, including the operations that change it. */
export interface Host extends HostReader {
  /**
   * Replaces a file in one atomic step that survives a power cut: a reader or a crash sees the old
   * or the new contents. Keeps mode, owner, security label and, on a host that runs, the access control list and
   * extended attributes; creates missing parent directories;
   * refuses to write through a link.
   */
  readonly writeFile: (path: string, contents: string, options?: WriteOptions) => Promise<void>;
  /**
   * Writes a file as `writeFile` does, from bytes that come in pieces, for files too large to hold
   * in memory; it has the given mode afterwards. When the source throws, the old file stays.
   */
  readonly installFile: (path: string, contents: AsyncIterable<Uint8Array>, mode: number) => Promise<void>;
  /** Writes a kernel file below `/proc` or `/sys` in place, in a single write(2). Only where `kernel` is `running`. */
  readonly writeKernelFile: (path: string, contents: string) => Promise<void>;
  /** Removes a file or link; absent is fine. */
  readonly removeFile: (path: string) => Promise<void>;
  /** Removes an empty directory; one that is absent or holds something is left as it is. */
  readonly removeDirectory: (path: string) => Promise<void>;
  /** Makes (or atomically replaces) a symbolic link, creating missing parent directories. */
  readonly makeLink: (path: string, target: string) => Promise<void>;
  /** Runs a command that may change the host. Throws as `query` does. */
  readonly run: (command: Command, options?: CommandOptions) => Promise<CommandOutput>;
  /** Has a program that serves gRPC on a Unix socket change something; nothing is kept. Throws only when aborted. */
  readonly call: (socket: string, question: SocketQuestion, options?: CommandOptions) => Promise<SocketAnswer>;
}

/** Where a change on the host may be seen; see `HostWatcher`. */
export type Hint = PathHint | UnitHint | SocketHint | OutputHint;

/** The start, stop or failure of a systemd unit, by its full name such as `containerd.service`; not its reload. */
export interface UnitHint {
  readonly unit: string;
}

/** A Unix socket that appears, goes, or is bound anew by a server that was restarted. */
export interface SocketHint {
  readonly socket: string;
}

/** A line of a program that runs as long as the watcher, such as `nft monitor`; it is started again when it ends. */
export interface OutputHint {
  readonly output: Command;
}

/** A file or directory that changes. */
export interface PathHint {
  readonly path: string;
  /**
   * `event`: the kernel tells (inotify on the file, or on the directory that will hold it).
   * `poll`: contents or existence are compared every second.
   * `both`: told quickly most of the time, polled because the kernel does not always tell.
   */
  readonly by: 'event' | 'poll' | 'both';
  /** When polled, only this many blank-separated fields at the start of each line count; default the whole contents. */
  readonly fields?: number;
}

/** Tells of changes on the host, quickly and sometimes wrongly; the loop looks for itself. */
export interface HostWatcher {
  /** Replaces what is watched. `onHint` gets the `hintName` and how it was noticed. Unwatchable paths are polled. */
  readonly watch: (hints: readonly Hint[], onHint: (name: string, source: 'event' | 'poll') => void) => Promise<void>;
  readonly close: () => Promise<void>;
}
