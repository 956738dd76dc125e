import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { HostFileError } from '../../errors.ts';
import { assertFileSize, assertLineCount } from '../../file-limits.ts';
import type { TextEncoding } from '../../host.ts';
import { errnoOf, fileErrorFrom } from './file-errors.ts';
import type { KeptReads } from './kept-reads.ts';
import type { Place } from '../place.ts';
import { readSysctl } from './sysctl-file.ts';

const readFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

// Reads are synchronous: on /proc and /sys the thread pool costs more than the read, and one buffer serves all.
const chunk = Buffer.allocUnsafeSlow(64 * 1024);

/** What was read before, by the way in which bytes became text. */
export type KeptTexts = Readonly<Record<TextEncoding, KeptReads<string>>>;

/** Reads a whole file; `undefined` when it is absent or vanishes meanwhile. Never waits for a FIFO or a device. */
export function readText(path: string, place: Place, encoding: TextEncoding, kept: KeptTexts): string | undefined {
  if (place.masked) return '';
  const decoding = encoding === 'bytes' ? 'latin1' : 'utf8';
  try {
    // Not on a directory that stands for a host: what is kept open there could be swapped.
    const isOwnKernel = place.flags === 0 && path.startsWith('/proc/sys/') && !path.includes('..');
    if (isOwnKernel && typeof place.at === 'string') return readSysctl(place.at, decoding);
    if (isKernelFile(path)) return decoded(path, readBytes(path, place), decoding);
    // Looked at before it is opened, because opening a device can already do something (a watchdog starts).
    const found = statSync(place.at, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (isNull(found)) return '';
    assertReadable(path, found);
    const known = kept[encoding].recall(path, found);
    if (known !== undefined) return known;
    const bytes = readBytes(path, place);
    const text = decoded(path, bytes, decoding);
    // Another size: it was changed meanwhile, or a link leads to a kernel file.
    if (bytes.length === found.size) kept[encoding].keep(path, found, text, text.length);
    return text;
  } catch (error) {
    if (isAbsent(error, path)) return undefined;
    throw fileErrorFrom('read', path, error);
  }
}

function decoded(path: string, bytes: Buffer, decoding: 'latin1' | 'utf8'): string {
  assertLineCount(path, bytes);
  return bytes.toString(decoding);
}

/** True for the errors by which the kernel says that there is no such file, or no longer. */
export function isAbsent(error: unknown, path: string): boolean {
  if (error instanceof HostFileError) return false;
  const code = errnoOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return true;
  // A process that ends and a device that is unplugged take their open files with them.
  return (code === 'ESRCH' && path.startsWith('/proc/')) || (code === 'ENODEV' && path.startsWith('/sys/'));
}

function readBytes(path: string, place: Place): Buffer {
  const descriptor = openSync(place.at, readFlags | place.flags);
  try {
    const opened = fstatSync(descriptor);
    if (isNull(opened)) return Buffer.alloc(0);
    assertReadable(path, opened);
    return readToEnd(path, descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Files below /proc and /sys say size 0, so only the end of the file tells how long they are. */
function readToEnd(path: string, descriptor: number): Buffer {
  const parts: Buffer[] = [];
  let total = 0;
  for (;;) {
    const count = readSync(descriptor, chunk, 0, chunk.length, null);
    if (count === 0) return Buffer.concat(parts, total);
    total += count;
    assertFileSize(path, total);
    parts.push(Buffer.from(chunk.subarray(0, count)));
  }
}

/** True for files whose size and times say nothing. */
export const isKernelFile = (path: string) => path.startsWith('/proc/') || path.startsWith('/sys/');

/** /dev/null is character device 1:3 on every Linux. */
const isNull = (found: Stats) => found.isCharacterDevice() && found.rdev === 0x103;

function assertReadable(path: string, found: Stats): void {
  if (found.isDirectory()) throw new HostFileError('read', path, 'EISDIR', 'it is a directory, not a file');
  if (!found.isFile()) {
    throw new HostFileError('read', path, 'EINVAL', 'it is a FIFO, a socket or a device, where a plain file belongs');
  }
  assertFileSize(path, found.size);
}
