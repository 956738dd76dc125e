/**
 * When things happen that may as well happen a little later: on whole multiples of a period of the monotonic
 * clock. What has the same beat shares one wake-up of the processor, as round_jiffies() has it in the kernel.
 */

/** The period of everything that an idle daemon does, in milliseconds. */
export const BEAT_MS = 1000;

/** By how much a timer may end early, in milliseconds: it counts from the beginning of the event loop's turn. */
export const EARLY_MS = 5;

/** The beat nearest to a time of the monotonic clock, in milliseconds like the time. */
export function nearestBeat(at: number): number {
  return Math.round(at / BEAT_MS) * BEAT_MS;
}

/** Milliseconds from `now` to the next beat; one that a timer has just reached early is not the next. */
export function untilBeat(now: number, periodMs: number): number {
  const next = (Math.floor((now + EARLY_MS) / periodMs) + 1) * periodMs;
  return Math.ceil(next - now);
}
