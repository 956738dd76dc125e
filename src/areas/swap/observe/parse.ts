/** What the kernel says about swap and memory, from text to values. Pure. */

/** One line of `/proc/swaps`. */
export interface SwapDevice {
  readonly path: string;
  readonly type: string;
  readonly sizeBytes: number;
  readonly usedBytes: number;
  readonly priority: number;
  /** The kernel marks a swap file whose directory entry is gone; no command can name it any more. */
  readonly isDeleted: boolean;
  /** The line itself, for the ledger. */
  readonly line: string;
}

/** The mark of a file that was removed while in use (`d_path` in the kernel). */
const DELETED = ' (deleted)';
const HEADER = /^Filename\b/;
const LINE = /^(\S+(?: \(deleted\))?)[ \t]+(\S+)[ \t]+(\d+)[ \t]+(\d+)[ \t]+(-?\d+)[ \t]*$/;

/** The active swap. Throws on a line that it does not understand: overlooked swap would be worse. */
export function parseSwaps(text: string): readonly SwapDevice[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line.trim() !== '' && !HEADER.test(line))
    .map(parseSwapLine);
}

/** One line of `/proc/swaps`, as the ledger keeps it. Throws when it is none. */
export function parseSwapLine(line: string): SwapDevice {
  const match = LINE.exec(line);
  if (match === null) {
    throw new Error(
      `Cannot read "/proc/swaps": the line ${JSON.stringify(line.slice(0, 200))} does not name device, type, size, used and priority; compare with "swapon --show" and report it`,
    );
  }
  const [, name = '', type = '', size, used, priority] = match;
  const path = unescapeOctal(name);
  const isDeleted = path.endsWith(DELETED);
  return {
    path: isDeleted ? path.slice(0, -DELETED.length) : path,
    type,
    sizeBytes: Number(size) * 1024,
    usedBytes: Number(used) * 1024,
    priority: Number(priority),
    isDeleted,
    line,
  };
}

/** `\040` and the like, as the kernel and fstab(5) write spaces, line breaks and backslashes. */
export function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-3][0-7]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/**
 * Memory that programs can still get without swapping. Kernels before 3.14 have no `MemAvailable`;
 * what is free is then the part of it that is sure. `undefined` when the text has neither.
 */
export function parseMemAvailable(text: string): number | undefined {
  const kib = /^MemAvailable:[ \t]+(\d+) kB/m.exec(text) ?? /^MemFree:[ \t]+(\d+) kB/m.exec(text);
  return kib === null ? undefined : Number(kib[1]) * 1024;
}

/** Whether a swap device is compressed memory. */
export function isZramDevice(path: string): boolean {
  return /^\/dev\/zram\d+$/.test(path);
}
