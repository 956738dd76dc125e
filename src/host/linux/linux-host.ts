/**
 * The Linux machine: `/` itself; a running host whose root is mounted below a directory of the
 * container we are in (`--host-root DIR`); or a directory that stands for a host (`--root DIR`): an
 * image that is being built, a captured host, a fixture. On a directory that only stands for one
 * nothing outside of it is read or written, no command runs and no kernel is changed.
 */
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statfsSync,
  statSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { CommandMissingError, HostFileError } from '../errors.ts';
import type { Command, CommandOutput, FileStat, Host, Kernel, TextEncoding } from '../host.ts';
import { runCommand } from './commands/commands.ts';
import { directoryHost } from './directory-host.ts';
import { createAsk, createCall } from './ask-socket.ts';
import { fileErrorFrom } from './files/file-errors.ts';
import { writeKernelText } from './files/kernel-file.ts';
import { KeptReads } from './files/kept-reads.ts';
import { assertLiveRoot, enterHost, liveHost } from './live-root.ts';
import { createParsed } from '../parsed.ts';
import { nameFromBytes } from '../file-names.ts';
import { namedBelow } from './named-below.ts';
import { holdFlags, type Place, type Places } from './place.ts';
import { isAbsent, isKernelFile, readText } from './files/read-file.ts';
import { realPathOf, wholeHost } from './whole-host.ts';
import { sumOfFile } from './files/sum-file.ts';
import { removeEmptyDirectory, removeEntry, replaceFile, replaceLink } from './files/write-file.ts';

/** Most of what is looked for is not there, and an error costs ten times as much as an answer. */
const IF_THERE = { throwIfNoEntry: false } as const;

/** Which directory is the host. */
export interface LinuxHostOptions {
  /** Default `/`, the machine this process runs on. */
  readonly root?: string;
  /** Whether `root` is all of the running host, seen from a container. */
  readonly live?: boolean;
}

/**
 * Opens the machine, or the directory `root` as one. Throws `HostFileError` when that is no
 * directory, `HostRootError` when it is not the running host that it is said to be.
 */
export function createLinuxHost(options: LinuxHostOptions = {}): Host {
  const root = rootFrom(options.root ?? '/');
  const whole = root === '/';
  const running = whole || options.live === true;
  if (running && !whole) assertLiveRoot(root);
  const mount = whole ? '' : root;
  const places = whole ? wholeHost : running ? liveHost(root) : directoryHost(root);
  const kernel = running ? 'running' : kernelOf(places);
  const inTurn = createQueue();
  const texts = { utf8: new KeptReads<string>(), bytes: new KeptReads<string>() };
  const lists = new KeptReads<readonly string[]>();

  const changed = (action: string, path: string, change: (place: Place) => Promise<void> | void) =>
    inTurn(async () => {
      if (action !== 'remove') places.makeParents(path);
      using place = places.find(action, path, 'write');
      if (place !== undefined) await change(place);
    });

  const enter = whole ? [] : enterHost(root);
  const execute = async (command: Command, limits?: Parameters<Host['run']>[1]): Promise<CommandOutput> => {
    if (running) return runCommand(command, limits, enter);
    throw new CommandMissingError(command, `no command of the machine runs for the directory "${root}"`);
  };

  const socketAt = (path: string) => {
    using place = running ? places.find('resolve', path, 'read') : undefined;
    const real = place !== undefined && place.flags === 0 ? realPathOf(mount, place.real) : place?.real;
    return real === undefined ? undefined : `${mount}${real}`;
  };

  const programs = running ? { root: mount, run: execute } : undefined;

  const readNow = (path: string, encoding: TextEncoding = 'utf8'): string | undefined => {
    using place = places.find('read', path, 'read');
    return place === undefined ? undefined : readText(path, place, encoding, texts);
  };

  const host: Host = {
    kernel,
    readFile: async (path, encoding) => readNow(path, encoding),
    parsed: createParsed(readNow),
    sumOf: async (path) => {
      using place = places.find('read', path, 'read');
      return place === undefined ? undefined : await sumOfFile(path, place);
    },
    freeBytes: async (path) =>
      look('look at', path, places, 'read', (place) => {
        const { bavail, bsize } = statfsSync(place.at);
        return bavail * bsize;
      }),
    listDirectory: async (path) => look('list', path, places, 'read', (place) => namesIn(place, path, lists)),
    stat: async (path) =>
      look('look at', path, places, 'entry', (place) => {
        const found = lstatSync(place.at, IF_THERE);
        return found && fileStatFrom(found);
      }),
    readLink: async (path) =>
      look('read the link', path, places, 'entry', (place) =>
        lstatSync(place.at, IF_THERE)?.isSymbolicLink() ? readlinkSync(place.at, 'utf8') : undefined,
      ),
    realPath: async (path) => {
      using place = places.find('resolve', path, 'read');
      return place !== undefined && place.flags === 0 ? realPathOf(mount, place.real) : place?.real;
    },
    query: execute,
    ask: createAsk(socketAt),
    run: execute,
    call: createCall(socketAt),
    writeFile: (path, contents, { encoding = 'utf8', mode = 0o644, onlyName = false } = {}) =>
      changed('write', path, (place) =>
        replaceFile(
          path,
          place,
          Buffer.from(contents, encoding === 'bytes' ? 'latin1' : 'utf8'),
          { ifNew: mode, onlyName },
          programs,
        ),
      ),
    installFile: (path, contents, mode) =>
      changed('write', path, (place) => replaceFile(path, place, contents, { always: mode }, programs)),
    writeKernelFile: async (path, contents) => {
      if (running) return writeKernelText(path, contents, mount);
      throw new HostFileError('write', path, 'EROFS', `"${root}" is a directory, its kernel is not running`);
    },
    removeFile: (path) => changed('remove', path, (place) => removeEntry(path, place)),
    removeDirectory: (path) => changed('remove', path, (place) => removeEmptyDirectory(path, place)),
    makeLink: (path, target) => changed('link', path, (place) => replaceLink(path, place, target)),
  };
  return running ? host : namedBelow(root, host);
}

function rootFrom(given: string): string {
  const path = resolve(given);
  try {
    const root = realpathSync.native(given);
    if (statSync(root).isDirectory()) return root;
  } catch (error) {
    throw fileErrorFrom('use as the root of a host', path, error);
  }
  throw new HostFileError('use as the root of a host', path, 'ENOTDIR', 'it is not a directory');
}

/** A copied /proc/sys or list of modules or swaps makes a directory a captured host. */
function kernelOf(places: Places): Kernel {
  const none = new KeptReads<readonly string[]>();
  const hasNames = (path: string) =>
    (look('list', path, places, 'read', (place) => namesIn(place, path, none))?.length ?? 0) > 0;
  const hasText = (path: string) =>
    (look('look at', path, places, 'read', (place) => statSync(place.at, IF_THERE)?.size) ?? 0) > 0;
  const captured =
    hasNames('/proc/sys') || hasNames('/sys/module') || hasText('/proc/modules') || hasText('/proc/swaps');
  return captured ? 'captured' : 'absent';
}

function look<T>(
  action: string,
  path: string,
  places: Places,
  lookup: 'read' | 'entry',
  at: (place: Place) => T | undefined,
): T | undefined {
  try {
    using place = places.find(action, path, lookup);
    return place === undefined ? undefined : at(place);
  } catch (error) {
    if (isAbsent(error, path)) return undefined;
    throw fileErrorFrom(action, path, error);
  }
}

function namesIn(place: Place, path: string, kept: KeptReads<readonly string[]>): readonly string[] | undefined {
  // Asked first, because ENOTDIR would not tell a file in this place from a file in the place of a parent.
  const found = statSync(place.at, IF_THERE);
  if (found === undefined) return undefined;
  if (!found.isDirectory()) {
    throw new HostFileError('list', path, 'ENOTDIR', 'it is not a directory');
  }
  const known = isKernelFile(path) ? undefined : kept.recall(path, found);
  if (known !== undefined) return known;
  const names = listedIn(place).toSorted();
  kept.keep(path, found, names, names.join('').length);
  return names;
}

function listedIn(place: Place): readonly string[] {
  if (place.flags === 0) return namesOf(place.at);
  // Held, because readdir(3) by path would follow a link that was put there meanwhile.
  const descriptor = openSync(place.at, holdFlags);
  try {
    return namesOf(`/proc/self/fd/${descriptor}`);
  } finally {
    closeSync(descriptor);
  }
}

function namesOf(directory: string | Buffer): readonly string[] {
  const names = readdirSync(directory);
  // U+FFFD stands for bytes that are not UTF-8, or for itself.
  if (!names.some((name) => name.includes('\ufffd'))) return names;
  return readdirSync(directory, { encoding: 'buffer' }).map(nameFromBytes);
}

function fileStatFrom(found: Stats): FileStat {
  const { mode, size, uid, nlink, mtimeMs } = found;
  return { type: typeOf(found), mode: mode & 0o7777, size, owner: uid, links: nlink, modifiedMs: mtimeMs };
}

function typeOf(found: Stats): FileStat['type'] {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'directory';
  if (found.isSymbolicLink()) return 'link';
  return found.isBlockDevice() ? 'block' : 'other';
}

/** Runs changes one after the other: two writes of one file would share its temporary name. */
function createQueue(): (change: () => Promise<void>) => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return (change) => {
    const done = last.then(change);
    last = done.catch(() => undefined);
    return done;
  };
}
