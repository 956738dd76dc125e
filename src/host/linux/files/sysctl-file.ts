import { closeSync, constants, openSync, readSync } from 'node:fs';

/**
 * A sysctl tells everything in the first read(2) and ends there: what does not fit is lost, and
 * `net.ipv4.ip_local_reserved_ports` can be longer than 64 KiB. The kernel allocates the size that
 * is asked for and clears it, so the usual read stays small.
 */
const USUAL_BYTES = 511;
const MOST_BYTES = [64 * 1024, 1024 * 1024] as const;

const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const MOST_OPEN = 512;

const usual = Buffer.allocUnsafeSlow(USUAL_BYTES);

/**
 * Descriptors of parameters that were read before, oldest first. A read at the start of an open one
 * gives the value of that moment, and saves most of the system calls of a pass that finds nothing.
 */
const open = new Map<string, number>();

/** The value of a parameter of the running kernel. Throws what the system call threw. */
export function readSysctl(path: string, encoding: 'utf8' | 'latin1'): string {
  const kept = open.get(path);
  if (kept !== undefined) {
    try {
      return readOnce(kept, encoding);
    } catch {
      // Its module or interface is gone (ENODEV), and may be back under the same name: the path decides.
      open.delete(path);
      closeSync(kept);
    }
  }
  const descriptor = openSync(path, FLAGS);
  let text: string;
  try {
    text = readOnce(descriptor, encoding);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  keep(path, descriptor);
  return text;
}

function keep(path: string, descriptor: number): void {
  const [oldest] = open.size < MOST_OPEN ? [] : open;
  if (oldest !== undefined) {
    open.delete(oldest[0]);
    closeSync(oldest[1]);
  }
  open.set(path, descriptor);
}

function readOnce(descriptor: number, encoding: 'utf8' | 'latin1'): string {
  const length = readSync(descriptor, usual, 0, USUAL_BYTES, 0);
  if (length < USUAL_BYTES) return usual.toString(encoding, 0, length);
  for (const size of MOST_BYTES) {
    const large = Buffer.allocUnsafe(size);
    const total = readSync(descriptor, large, 0, size, 0);
    if (total < size || size === MOST_BYTES[1]) return large.toString(encoding, 0, total);
  }
  return '';
}
