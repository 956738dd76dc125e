import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { HostFileError } from '../errors.ts';
import type { TextEncoding } from '../host.ts';
import { errnoOf, fileErrorFrom } from './file-errors.ts';
import type { Place } from './place.ts';

/** More than any configuration or kernel file has; a larger one is a mistake or an attack on our memory. */
const maximumBytes = 16 * 1024 * 1024;

/**
 * A sysctl tells everything in the first read(2) and ends there: what does not fit is lost, and
 * `net.ipv4.ip_local_reserved_ports` can be longer than 64 KiB. The kernel allocates the size that
 * is asked for, so the usual read stays small.
 */
const sysctlBytes = [64 * 1024, 1024 * 1024] as const;

const readFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

// Reads are synchronous: on /proc and /sys the thread pool costs more than the read, and one buffer serves all.
const chunk = Buffer.allocUnsafe(sysctlBytes[0]);

/** Reads a whole file; `undefined` when it is absent or vanishes meanwhile. Never waits for a FIFO or a device. */
export function readText(path: string, place: Place, encoding: TextEncoding): string | undefined {
  if (place.masked) return '';
  try {
    const bytes = readBytes(path, place);
    return bytes?.toString(encoding === 'bytes' ? 'latin1' : 'utf8');
  } catch (error) {
    if (isAbsent(error, path)) return undefined;
    throw fileErrorFrom('read', path, error);
  }
}

/** True for the errors by which the kernel says that there is no such file, or no longer. */
export function isAbsent(error: unknown, path: string): boolean {
  if (error instanceof HostFileError) return false;
  const code = errnoOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return true;
  // A process that ends and a device that is unplugged take their open files with them.
  return (code === 'ESRCH' && path.startsWith('/proc/')) || (code === 'ENODEV' && path.startsWith('/sys/'));
}

function readBytes(path: string, place: Place): Buffer | undefined {
  // Looked at before it is opened, because opening a device can already do something (a watchdog starts).
  if (!isKernelFile(path)) {
    const found = statSync(place.at, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (isNull(found)) return Buffer.alloc(0);
    assertReadable(path, found);
  }
  const descriptor = openSync(place.at, readFlags | place.flags);
  try {
    const opened = fstatSync(descriptor);
    if (isNull(opened)) return Buffer.alloc(0);
    assertReadable(path, opened);
    return path.startsWith('/proc/sys/') ? readSysctl(descriptor) : readToEnd(path, descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readSysctl(descriptor: number): Buffer {
  const usual = readSync(descriptor, chunk, 0, chunk.length, 0);
  if (usual < chunk.length) return Buffer.from(chunk.subarray(0, usual));
  const large = Buffer.allocUnsafe(sysctlBytes[1]);
  return large.subarray(0, readSync(descriptor, large, 0, large.length, 0));
}

/** Files below /proc and /sys say size 0, so only the end of the file tells how long they are. */
function readToEnd(path: string, descriptor: number): Buffer {
  const parts: Buffer[] = [];
  let total = 0;
  for (;;) {
    const count = readSync(descriptor, chunk, 0, chunk.length, null);
    if (count === 0) return Buffer.concat(parts, total);
    total += count;
    if (total > maximumBytes) throw tooLarge(path);
    parts.push(Buffer.from(chunk.subarray(0, count)));
  }
}

const isKernelFile = (path: string) => path.startsWith('/proc/') || path.startsWith('/sys/');

/** /dev/null is character device 1:3 on every Linux. */
const isNull = (found: Stats) => found.isCharacterDevice() && found.rdev === 0x103;

function assertReadable(path: string, found: Stats): void {
  if (found.isDirectory()) throw new HostFileError('read', path, 'EISDIR', 'it is a directory, not a file');
  if (!found.isFile()) {
    throw new HostFileError('read', path, 'EINVAL', 'it is a FIFO, a socket or a device, where a plain file belongs');
  }
  if (found.size > maximumBytes) throw tooLarge(path);
}

function tooLarge(path: string): HostFileError {
  return new HostFileError('read', path, 'EFBIG', 'it is larger than 16 MiB, which no such file should be');
}
