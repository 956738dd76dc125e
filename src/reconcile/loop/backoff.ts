import { doubling } from '../../host/doubling.ts';

/** Milliseconds to wait after the n-th failure in a row, on the host and towards the API server. */
export const backoffMs = doubling({ firstMs: 1000, longestMs: 5 * 60_000, spread: 0.5 });

/** A delay spread by a fifth to both sides, for the periodic resync. */
export function jitteredMs(ms: number, random: number): number {
  return Math.round(ms * (0.8 + 0.4 * random));
}
/** The one way in which delays grow, for the layers above. */
export { doubling };
