/** Wake-ups without payload: any number of them becomes one round over the areas they named. */
import type { AreaName } from '../../api/spec/nodeprep.ts';
import type { PassCause } from '../report/node-report.ts';

/** What has piled up since the last round. */
export interface Pending {
  /** The strongest cause; `spec` beats all others. */
  readonly cause: PassCause;
  /** `undefined` means all areas. */
  readonly areas: ReadonlySet<AreaName> | undefined;
  /** When the first of them fired. */
  readonly seenAt: number;
}

const STRENGTH: Readonly<Record<PassCause, number>> = { start: 5, spec: 4, event: 3, poll: 2, retry: 1, resync: 0 };

/** Holds at most one pending wake-up. */
export class Trigger {
  readonly #clock: () => number;
  #pending: Pending | undefined;
  #wake: (() => void) | undefined;
  #signal: AbortSignal | undefined;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  fire(cause: PassCause, areas?: readonly AreaName[]): void {
    const old = this.#pending;
    const all = areas === undefined || (old !== undefined && old.areas === undefined);
    this.#pending = {
      cause: old === undefined || STRENGTH[cause] > STRENGTH[old.cause] ? cause : old.cause,
      areas: all ? undefined : new Set([...(old?.areas ?? []), ...areas]),
      seenAt: old?.seenAt ?? this.#clock(),
    };
    this.#wake?.();
  }

  /** Resolves with what is pending, now or when it fires; `undefined` after `timeoutMs` or an abort. */
  async next(timeoutMs: number, signal: AbortSignal): Promise<Pending | undefined> {
    // Listened to once for all waits, of which there is one a second.
    if (this.#signal !== signal) {
      this.#signal = signal;
      signal.addEventListener('abort', () => this.#wake?.(), { once: true });
    }
    if (this.#pending === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#wake = undefined;
          resolve();
        };
        // A timer cuts fractions off, and would end before its time.
        const timer = setTimeout(done, Math.ceil(timeoutMs));
        this.#wake = done;
      });
    }
    const pending = this.#pending;
    this.#pending = undefined;
    return signal.aborted ? undefined : pending;
  }
}
