/** How often something may be written: a pause between two writes, and a bucket of tokens over longer times. */

/** Limits of a pace. */
export interface PaceOptions {
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Writes that may follow each other quickly. */
  readonly burst: number;
  /** One more write is earned in this time. */
  readonly refillMs: number;
  /** Shortest time between two writes. */
  readonly pauseMs: number;
}

/** Tells when the next write may happen. */
export interface Pace {
  /** Milliseconds until a write may happen; 0 is now. */
  readonly waitMs: () => number;
  /** Counts a write. */
  readonly took: () => void;
}

/** A full bucket to begin with. */
export function createPace({ clock, burst, refillMs, pauseMs }: PaceOptions): Pace {
  let tokens = burst;
  let countedAt = clock();
  let lastAt = Number.NEGATIVE_INFINITY;
  const count = () => {
    const now = clock();
    tokens = Math.min(burst, tokens + (now - countedAt) / refillMs);
    countedAt = now;
  };
  return {
    waitMs: () => {
      count();
      const forToken = tokens >= 1 ? 0 : (1 - tokens) * refillMs;
      return Math.max(0, Math.ceil(forToken), Math.ceil(lastAt + pauseMs - clock()));
    },
    took: () => {
      count();
      tokens = Math.max(0, tokens - 1);
      lastAt = clock();
    },
  };
}
