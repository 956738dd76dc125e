import type { Stats } from 'node:fs';

/**
 * How long something must be unchanged before it is kept. Times of a file have the grain of a kernel
 * tick, of two seconds on FAT: a change right after the look could otherwise leave them as they were.
 */
const SETTLED_MS = 3000;

const MOST_ENTRIES = 512;
const MOST_CHARACTERS = 512 * 1024;

interface Kept<T> {
  readonly found: Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>;
  readonly value: T;
}

/**
 * What was read from files or directories of a disk, each good for as long as stat(2) tells the same
 * of it. Every pass reads the same few dozen files, which hardly ever change; not for /proc and /sys,
 * whose times mean nothing.
 */
export class KeptReads<T> {
  readonly #entries = new Map<string, Kept<T>>();
  #characters = 0;

  /** What was read when the file was as it was `found` now; `undefined` when it must be read. */
  recall(path: string, found: Stats): T | undefined {
    const kept = this.#entries.get(path);
    return kept !== undefined && isSame(kept.found, found) ? kept.value : undefined;
  }

  /** Keeps a value that was read after the file was `found`, unless the file is too young or too large for it. */
  keep(path: string, found: Stats, value: T, characters: number): void {
    if (!isSettled(found) || characters > MOST_CHARACTERS / 4) return;
    if (this.#entries.size >= MOST_ENTRIES || this.#characters + characters > MOST_CHARACTERS) {
      this.#entries.clear();
      this.#characters = 0;
    }
    const { dev, ino, size, mtimeMs, ctimeMs } = found;
    this.#entries.set(path, { found: { dev, ino, size, mtimeMs, ctimeMs }, value });
    this.#characters += characters;
  }
}

function isSame(a: Kept<unknown>['found'], b: Stats): boolean {
  return a.ctimeMs === b.ctimeMs && a.mtimeMs === b.mtimeMs && a.ino === b.ino && a.size === b.size && a.dev === b.dev;
}

/**
 * No time of change is kept where it shows zero. What shows no size may lie in /proc or /sys by way
 * of a link.
 */
function isSettled({ size, mtimeMs, ctimeMs }: Stats): boolean {
  return size > 0 && ctimeMs > 0 && Date.now() - Math.max(mtimeMs, ctimeMs) > SETTLED_MS;
}
