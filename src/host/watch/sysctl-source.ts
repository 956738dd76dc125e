/**
 * Hints from the kernel about writes to parameters below /proc/sys, each file watched by itself.
 *
 * Not by chokidar: it waits for a moment in case an empty file is about to be filled, which every parameter
 * looks like, and compares every event with every watched path. Both are most of the time to repair, and
 * nothing that it is good at happens here: no parameter is renamed, replaced, linked or filled by parts.
 */
import { type FSWatcher, watch } from 'node:fs';
import { errnoOf } from '../linux/files/file-errors.ts';
import { Burst } from './burst.ts';
import type { EventListener } from './event-source.ts';

/**
 * A shell's ">" and sysctl(8) truncate before they write, and the kernel tells both: as long as the value is as it was,
 * what is to come is waited for.
 */
const FIRST_MS = 2;

/** Watches parameters of the running kernel, and tells those that are written without end once per debounce time. */
export class SysctlSource {
  readonly #root: string;
  readonly #listener: EventListener;
  readonly #differs: (path: string) => boolean;
  readonly #burst: Burst;
  readonly #watchers = new Map<string, FSWatcher | undefined>();

  /** With `differs`, which tells whether a parameter has another value than the last poll saw. */
  constructor(root: string, debounceMs: number, listener: EventListener, differs: (path: string) => boolean) {
    this.#root = root;
    this.#differs = differs;
    this.#listener = listener;
    this.#burst = new Burst(FIRST_MS, debounceMs, (paths) => {
      for (const path of paths) listener.onEvent(path);
    });
  }

  /** Replaces the watched paths. The caller keeps them open: the kernel may drop the inode, and the watch with it. */
  watch(paths: readonly string[]): void {
    const wanted = new Set(paths);
    for (const [path, watcher] of this.#watchers) {
      if (wanted.has(path)) continue;
      watcher?.close();
      this.#watchers.delete(path);
    }
    for (const path of wanted) if (this.#watchers.get(path) === undefined) this.#watchers.set(path, this.#begin(path));
  }

  /** Watches one path again, whose appearance the kernel does not tell (a module's sysctl). */
  renew(path: string): void {
    if (!this.#watchers.has(path)) return;
    this.#watchers.get(path)?.close();
    this.#watchers.set(path, this.#begin(path));
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher?.close();
    this.#watchers.clear();
    this.#burst.close();
  }

  /** `undefined` for what is not there or cannot be watched. */
  #begin(path: string): FSWatcher | undefined {
    try {
      const watcher = watch(`${this.#root}${path}`, { persistent: false }, () =>
        this.#burst.note([path], !this.#differs(path)),
      );
      watcher.on('error', () => this.#listener.onUnwatchable(path));
      return watcher;
    } catch (error) {
      const code = errnoOf(error);
      if (code !== 'ENOENT' && code !== 'ENOTDIR') this.#listener.onUnwatchable(path);
      return undefined;
    }
  }
}
