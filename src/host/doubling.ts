/** How a growing delay begins and ends. */
export interface DoublingOptions {
  readonly firstMs: number;
  readonly longestMs: number;
  /** The part of the delay over which chance spreads it, so that a fleet does not move in step; default 0. */
  readonly spread?: number;
}

/** Milliseconds to wait before the n-th try again (1 is the first); `random` is 0 to 1, and 0.5 is the delay itself. */
export type Doubling = (times: number, random?: number) => number;

/** A delay that doubles with every time, up to the longest. */
export function doubling({ firstMs, longestMs, spread = 0 }: DoublingOptions): Doubling {
  return (times, random = 0.5) => {
    const delay = Math.min(firstMs * 2 ** Math.max(times - 1, 0), longestMs);
    return Math.round(delay * (1 + spread * (random - 0.5)));
  };
}
