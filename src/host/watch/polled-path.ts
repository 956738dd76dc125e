import { closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { errnoOf } from '../linux/files/file-errors.ts';
import { linkTrail } from './link-trail.ts';

/** One buffer for all polls: they are synchronous, and an unchanged value is compared without a copy. */
const buffer = Buffer.allocUnsafe(64 * 1024);

const USUAL_BYTES = 511;

/** How the kernel says that a path is not there, or that what an open file belongs to is no more. */
const gone: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENODEV', 'ESRCH']);

/** Where a host is: below `root`, empty for this machine; `live` when its kernel is the one we run on. */
export interface PolledHost {
  readonly root: string;
  readonly live: boolean;
}

/** What was seen: the contents, or what stands for them. */
type Seen = Buffer | 'absent' | 'directory' | `error ${string}` | `stat ${string}`;

/**
 * One path whose contents, or existence, are compared with what was seen before.
 *
 * Kernel files stay open between the looks: that saves two system calls each time, and it keeps the
 * inode, and with it the inotify watch on a sysctl, when `drop_caches` is written.
 */
export class PolledPath {
  readonly #at: string;
  readonly #isKernel: boolean;
  readonly #isSysctl: boolean;
  readonly #fields: number | undefined;
  #descriptor: number | undefined;
  #seen: Seen;

  /** With `fields`, only so many blank-separated fields of each line count. */
  constructor({ root, live }: PolledHost, path: string, fields?: number) {
    this.#fields = fields;
    // A link of the host is meant inside of it, which the kernel would not know.
    this.#at = root === '' ? path : (linkTrail(root, path).at(-1) ?? `${root}${path}`);
    this.#isKernel = live && (path.startsWith('/proc/') || path.startsWith('/sys/'));
    this.#isSysctl = this.#isKernel && path.startsWith('/proc/sys/');
    this.#seen = this.#keep(this.#look());
  }

  /** Looks; `appeared` when there was nothing to read before. Takes what it sees as seen. */
  poll(): 'same' | 'changed' | 'appeared' {
    const now = this.#look();
    if (isSame(now, this.#seen)) return 'same';
    // What could not be read was not kept open, and the kernel may have made its inode anew.
    const appeared = typeof this.#seen === 'string' && /^(absent|error)/.test(this.#seen);
    this.#seen = this.#keep(now);
    return appeared ? 'appeared' : 'changed';
  }

  /** Whether it is not as it was seen; what it is now is not taken as seen. */
  differs(): boolean {
    return !isSame(this.#look(), this.#seen);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #keep(now: Seen): Seen {
    return typeof now === 'string' ? now : Buffer.from(now);
  }

  /** May return a part of the shared buffer, good until the next look. */
  #look(): Seen {
    try {
      if (this.#descriptor === undefined) {
        const found = statSync(this.#at, { throwIfNoEntry: false });
        if (found === undefined) return 'absent';
        if (!this.#isKernel) return `stat ${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
        if (found.isDirectory()) return 'directory';
        this.#descriptor = openSync(this.#at, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      }
      return this.#read(this.#descriptor);
    } catch (error) {
      // The module was unloaded, or the value cannot be told now; the next look opens the path again.
      this.close();
      const code = errnoOf(error) ?? 'unknown';
      return gone.has(code) ? 'absent' : `error ${code}`;
    }
  }

  #read(descriptor: number): Buffer {
    // Of a sysctl the kernel clears as much memory as is asked for, on every read, and few are long.
    let length = this.#isSysctl ? readSync(descriptor, buffer, 0, USUAL_BYTES, 0) : 0;
    if (!this.#isSysctl || length === USUAL_BYTES) length = readSync(descriptor, buffer, 0, buffer.length, 0);
    // A sysctl comes in one read; a list such as /proc/modules comes page by page.
    for (let more = length; !this.#isSysctl && more > 0 && length < buffer.length; length += more) {
      more = readSync(descriptor, buffer, length, buffer.length - length, length);
    }
    const contents = buffer.subarray(0, length);
    return this.#fields === undefined ? contents : leadingFields(contents, this.#fields);
  }
}

function leadingFields(contents: Buffer, count: number): Buffer {
  const lines = contents.toString('latin1').split('\n');
  return Buffer.from(lines.map((line) => line.split(/\s+/, count).join(' ')).join('\n'), 'latin1');
}

function isSame(now: Seen, before: Seen): boolean {
  if (typeof now === 'string' || typeof before === 'string') return now === before;
  return now.equals(before);
}
