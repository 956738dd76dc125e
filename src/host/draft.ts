/**
 * A host on which steps can be tried without changing anything: reads come from the real host, writes are kept in memory
 * and are seen by later reads. It has no running kernel and runs no command, so a step can only write files.
 */
import { createParsed } from './parsed.ts';
import { CommandMissingError, HostFileError } from './errors.ts';
import type { Host, HostReader, TextEncoding } from './host.ts';

/** A file, with one character per byte, or a symbolic link. */
export type DraftedContents =
  | { readonly type: 'file'; readonly mode: number; readonly bytes: string }
  | { readonly type: 'link'; readonly target: string };

/** What a path is now and what it would become; `undefined` is absent. */
export interface DraftedFile {
  readonly path: string;
  readonly before: DraftedContents | undefined;
  readonly after: DraftedContents | undefined;
}

/** The host to write to, and what was written. */
export interface Draft {
  readonly host: Host;
  /** Sorted by path; a file that would end as it is now is left out. */
  readonly files: () => readonly DraftedFile[];
}

/** Creates a draft of a host. */
export function createDraft(reader: HostReader): Draft {
  const drafted = new Map<string, DraftedFile>();

  async function contentsNow(path: string): Promise<DraftedContents | undefined> {
    const stat = await reader.stat(path);
    if (stat === undefined) return undefined;
    if (stat.type === 'link') return { type: 'link', target: (await reader.readLink(path)) ?? '' };
    return { type: 'file', mode: stat.mode, bytes: (await reader.readFile(path, 'bytes')) ?? '' };
  }

  async function put(path: string, contents: (before: DraftedContents | undefined) => DraftedContents | undefined) {
    const known = drafted.get(path);
    const before = known === undefined ? await contentsNow(path) : known.before;
    const after = contents(known === undefined ? before : known.after);
    drafted.set(path, { path, before, after });
  }

  async function readFile(path: string, encoding: TextEncoding = 'utf8'): Promise<string | undefined> {
    const known = drafted.get(path);
    if (known === undefined) return reader.readFile(path, encoding);
    if (known.after?.type === 'link') return readFile(known.after.target, encoding);
    const bytes = known.after?.bytes;
    return bytes === undefined || encoding === 'bytes' ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
  }

  const host: Host = {
    ...readerOf(reader),
    kernel: 'absent',
    readFile,
    parsed: createParsed(readFile),
    stat: async (path) => {
      const known = drafted.get(path);
      if (known === undefined) return reader.stat(path);
      if (known.after === undefined) return undefined;
      const owned = { type: known.after.type, owner: 0, links: 1, modifiedMs: 0 };
      return known.after.type === 'link'
        ? { ...owned, mode: 0o777, size: known.after.target.length }
        : { ...owned, mode: known.after.mode, size: known.after.bytes.length };
    },
    readLink: async (path) => {
      const known = drafted.get(path);
      if (known === undefined) return reader.readLink(path);
      return known.after?.type === 'link' ? known.after.target : undefined;
    },
    query: async (command) => runsNothing(command),
    run: async (command) => runsNothing(command),
    call: async () => ({ problem: 'a draft has no programs' }),
    writeFile: (path, contents, { encoding = 'utf8', mode = 0o644 } = {}) => {
      const bytes = encoding === 'bytes' ? contents : Buffer.from(contents, 'utf8').toString('latin1');
      return put(path, (before) => ({ type: 'file', mode: before?.type === 'file' ? before.mode : mode, bytes }));
    },
    makeLink: (path, target) => put(path, () => ({ type: 'link', target })),
    removeFile: (path) => put(path, () => undefined),
    removeDirectory: async () => undefined,
    installFile: async (path) => onlyFiles(path),
    writeKernelFile: async (path) => onlyFiles(path),
  };
  return { host, files: () => [...drafted.values()].filter(differs).toSorted((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** Functions of a class instance are not its own properties, so spreading would lose them. */
function readerOf(reader: HostReader): Pick<HostReader, 'sumOf' | 'freeBytes' | 'listDirectory' | 'realPath' | 'ask'> {
  return {
    sumOf: (path) => reader.sumOf(path),
    freeBytes: (path) => reader.freeBytes(path),
    listDirectory: (path) => reader.listDirectory(path),
    realPath: (path) => reader.realPath(path),
    ask: (socket, questions, options) => reader.ask(socket, questions, options),
  };
}

function differs({ before, after }: DraftedFile): boolean {
  if (before === undefined || after === undefined) return before !== after;
  if (before.type === 'link') return after.type !== 'link' || before.target !== after.target;
  return after.type !== 'file' || before.bytes !== after.bytes;
}

function runsNothing(command: readonly [string, ...string[]]): never {
  throw new CommandMissingError(command, 'a draft runs no command');
}

function onlyFiles(path: string): never {
  throw new HostFileError('write', path, 'EROFS', 'a draft holds plain files only');
}
