/**
 * Hints from the kernel about writes to parameters below /proc/sys, each file watched by itself.
 *
 * Not by chokidar: it waits for a moment in case an empty file is about to be filled, which every parameter
 * looks like, and compares every event with every watched path. Both are most of the time to repair, and
 * nothing that it is good at happens here: no parameter is renamed, replaced, linked or filled by parts.
 */
import { type FSWatcher, watch } from 'node:fs';
import { errnoOf } from '../linux/file-errors.ts';
import type { EventListener } from './event-source.ts';

/** How long the second hint of a burst waits. */
const FIRST_MS = 2;

/** Watches parameters of the running kernel, and tells those that are written without end once per debounce time. */
export class SysctlSource {
  readonly #root: string;
  readonly #debounceMs: number;
  readonly #listener: EventListener;
  readonly #watchers = new Map<string, FSWatcher | undefined>();
  readonly #pending = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(root: string, debounceMs: number, listener: EventListener) {
    this.#root = root;
    this.#debounceMs = debounceMs;
    this.#listener = listener;
  }

  /** Replaces the watched paths. Whoever calls keeps them open: the kernel may drop the inode, and the watch with it. */
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
    this.#pending.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** `undefined` for what is not there or cannot be watched. */
  #begin(path: string): FSWatcher | undefined {
    try {
      const watcher = watch(`${this.#root}${path}`, { persistent: false }, () => this.#heard(path));
      watcher.on('error', () => this.#listener.onUnwatchable(path));
      return watcher;
    } catch (error) {
      const code = errnoOf(error);
      if (code !== 'ENOENT' && code !== 'ENOTDIR') this.#listener.onUnwatchable(path);
      return undefined;
    }
  }

  /**
   * The first of a burst is told at once, because waiting is time to repair. What follows is collected, first for a
   * moment only: a shell's ">" and sysctl(8) truncate before they write, and the kernel tells both. The moment
   * doubles while there is more, so that a program which writes without end cannot keep us busy without end.
   */
  #heard(path: string): void {
    if (this.#timer !== undefined) {
      this.#pending.add(path);
      return;
    }
    this.#collectFor(FIRST_MS);
    this.#listener.onEvent(path);
  }

  #collectFor(ms: number): void {
    this.#timer = setTimeout(() => this.#collected(ms), ms).unref();
  }

  #collected(ms: number): void {
    this.#timer = undefined;
    if (this.#pending.size === 0) return;
    const told = [...this.#pending];
    this.#pending.clear();
    this.#collectFor(Math.min(ms * 2, this.#debounceMs));
    for (const path of told) this.#listener.onEvent(path);
  }
}
