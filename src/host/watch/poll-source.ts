import { untilBeat } from '../beat.ts';
import type { PathHint } from '../host.ts';
import { type PolledHost, PolledPath } from './polled-path.ts';

/** What a poll source tells; `appeared` when the path was absent at the last look. */
export type PollListener = (path: string, how: 'changed' | 'appeared') => void;

/** Compares paths again and again, with one timer for all of them and none when there are none. */
export class PollSource {
  readonly #host: PolledHost;
  readonly #pollMs: number;
  readonly #listener: PollListener;
  readonly #polled = new Map<string, PolledPath>();
  #timer: NodeJS.Timeout | undefined;

  constructor(host: PolledHost, pollMs: number, listener: PollListener) {
    this.#host = host;
    this.#pollMs = pollMs;
    this.#listener = listener;
  }

  /** Replaces the polled paths; one that stays keeps what was seen of it. */
  watch(hints: readonly Pick<PathHint, 'path' | 'fields'>[]): void {
    const wanted = new Map(hints.map((hint) => [hint.path, hint.fields]));
    for (const [path, polled] of this.#polled) {
      if (wanted.has(path)) continue;
      polled.close();
      this.#polled.delete(path);
    }
    for (const [path, fields] of wanted) this.add(path, fields);
    if (this.#polled.size === 0) this.close();
  }

  /** Polls one more path. */
  add(path: string, fields?: number): void {
    if (!this.#polled.has(path)) this.#polled.set(path, new PolledPath(this.#host, path, fields));
    // The timer never keeps the process alive: waiting for hints is no work by itself.
    this.#timer ??= this.#schedule();
  }

  /** Whether a path is not as the last poll saw it; of a path that is not polled nothing is known, which is false. */
  differs(path: string): boolean {
    return this.#polled.get(path)?.differs() ?? false;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const polled of this.#polled.values()) polled.close();
    this.#polled.clear();
  }

  #schedule(): NodeJS.Timeout {
    return setTimeout(() => this.#poll(), untilBeat(performance.now(), this.#pollMs)).unref();
  }

  #poll(): void {
    this.#timer = this.#schedule();
    for (const [path, polled] of this.#polled) {
      const how = polled.poll();
      if (how !== 'same') this.#listener(path, how);
    }
  }
}
