const FIRST_MS = 1_000;
const LONGEST_MS = 5 * 60_000;

/**
 * Milliseconds to wait after the n-th failure in a row (1 is the first): doubling from one second to
 * five minutes, spread by `random` (0 to 1) over half the delay so that a fleet does not move in step.
 */
export function backoffMs(failures: number, random: number): number {
  const delay = Math.min(FIRST_MS * 2 ** Math.max(failures - 1, 0), LONGEST_MS);
  return Math.round(delay * (0.75 + random / 2));
}

/** A delay spread by a fifth to both sides, for the periodic resync. */
export function jitteredMs(ms: number, random: number): number {
  return Math.round(ms * (0.8 + 0.4 * random));
}
