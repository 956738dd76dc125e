/**
 * Changes of files and links, each one atomic and durable: a temporary name in the same directory,
 * synced, renamed over the old one, and the directory synced.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsync,
  lstatSync,
  openSync,
  renameSync,
  rmdirSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { posix } from 'node:path';
import { promisify } from 'node:util';
import { HostFileError, otherNames } from '../../errors.ts';
import { keepAttributes } from './attributes.ts';
import { errnoOf, fileErrorFrom } from './file-errors.ts';
import type { Place } from '../place.ts';
import { keepSecurityLabel, type RunningHost } from './security-label.ts';
import { syncDirectory } from './sync-directory.ts';

const syncFile = promisify(fsync);
const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** What a file is written from: all at once, or in pieces. */
export type FileContents = Uint8Array | AsyncIterable<Uint8Array>;

/** Permission bits of a new file or of every file; and whether a file with other names (hard links) is refused. */
export type FileMode = { readonly ifNew: number; readonly onlyName: boolean } | { readonly always: number };

/**
 * Replaces or creates a file. On any failure before the rename the old file is untouched and nothing is left.
 * A directory that stands for a host gets no labels: its programs do not run, and its first boot labels it.
 */
export async function replaceFile(
  path: string,
  place: Place,
  contents: FileContents,
  mode: FileMode,
  running: RunningHost | undefined,
): Promise<void> {
  const old = lstatSync(place.at, { throwIfNoEntry: false });
  assertReplaceable(path, old);
  if (old !== undefined && old.nlink > 1 && 'onlyName' in mode && mode.onlyName) throw otherNames(path, old.nlink);
  const modeBits = 'always' in mode ? mode.always : (old?.mode ?? mode.ifNew);
  await rename('write', path, place, async (temporary) => {
    const descriptor = openSync(temporary, createFlags, 0o600);
    try {
      if (contents instanceof Uint8Array) writeAll(descriptor, contents);
      else for await (const piece of contents) writeAll(descriptor, piece);
      if (old !== undefined) keepOwner(descriptor, old);
      // After the change of owner, which clears the set-user-id bits; and the umask has no say in it.
      fchmodSync(descriptor, modeBits & 0o7777);
      if (running !== undefined) {
        const known = old === undefined ? undefined : place.real;
        const unnamed = temporaryName(posix.dirname(place.real), place.name);
        if (known !== undefined && !('always' in mode)) await keepAttributes(running, path, known, unnamed);
        await keepSecurityLabel(running, path, known, unnamed);
      }
      await syncFile(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Makes a symbolic link, or puts it in the place of a file or another link. */
export async function replaceLink(path: string, place: Place, target: string): Promise<void> {
  if (target === '' || target.includes('\0')) {
    throw new HostFileError('link', path, 'EINVAL', 'the target of a link cannot be empty or contain a NUL character');
  }
  const old = lstatSync(place.at, { throwIfNoEntry: false });
  if (old?.isDirectory()) throw new HostFileError('link', path, 'EISDIR', 'it is a directory');
  await rename('link', path, place, async (temporary) => symlinkSync(target, temporary));
}

/** Removes a file or a link itself, never what the link points to. */
export function removeEntry(path: string, place: Place): void {
  try {
    const old = lstatSync(place.at, { throwIfNoEntry: false });
    if (old === undefined) return;
    if (old.isDirectory()) throw new HostFileError('remove', path, 'EISDIR', 'it is a directory');
    unlinkIfThere(place.at);
    syncDirectory(place.directory);
  } catch (error) {
    // A file where a parent directory would be: then the path is absent as well.
    if (errnoOf(error) === 'ENOTDIR') return;
    throw fileErrorFrom('remove', path, error);
  }
}

/** Removes a directory when it is empty; anything else, and a link to a directory, stays. */
export function removeEmptyDirectory(path: string, place: Place): void {
  try {
    rmdirSync(place.at);
    syncDirectory(place.directory);
  } catch (error) {
    // POSIX lets a file system say EEXIST for a directory that is not empty.
    if (['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) return;
    throw fileErrorFrom('remove', path, error);
  }
}

async function rename(
  action: string,
  path: string,
  place: Place,
  create: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(place.directory, place.name);
  try {
    // One fixed name, so that what a crash leaves behind is one file at most and goes with the next write.
    unlinkIfThere(temporary);
    try {
      await create(temporary);
      renameSync(temporary, place.at);
    } catch (error) {
      unlinkIfThere(temporary);
      throw error;
    }
    syncDirectory(place.directory);
  } catch (error) {
    throw fileErrorFrom(action, path, error);
  }
}

function temporaryName(directory: string, name: string): string {
  return `${directory === '/' ? '' : directory}/.${name}.nodeprep.tmp`;
}

function assertReplaceable(path: string, old: Stats | undefined): void {
  if (old === undefined || old.isFile()) return;
  if (old.isSymbolicLink()) {
    const advice = 'it is a link, and NodePrep never writes through one; replace the link by a plain file';
    throw new HostFileError('write', path, 'ELOOP', advice);
  }
  if (old.isDirectory()) throw new HostFileError('write', path, 'EISDIR', 'it is a directory, not a file');
  throw new HostFileError('write', path, 'EINVAL', 'it is a FIFO, a socket or a device, where a plain file belongs');
}

function writeAll(descriptor: number, contents: Uint8Array): void {
  for (let written = 0; written < contents.length; ) {
    written += writeSync(descriptor, contents, written, contents.length - written);
  }
}

function keepOwner(descriptor: number, old: Stats): void {
  const unchanged = old.uid === process.geteuid?.() && old.gid === process.getegid?.();
  if (!unchanged) fchownSync(descriptor, old.uid, old.gid);
}

function unlinkIfThere(path: string | Buffer): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
