import { doubling } from '../../reconcile/loop/backoff.ts';
import { ApiError } from '../client.ts';

/** At most half a second, then twice as much each time, up to thirty; randomness takes off up to half of it. */
const delayMs = doubling({ firstMs: 375, longestMs: 22_500, spread: 2 / 3 });
/** A larger value is ignored: the clock of the server or a proxy is wrong. */
const LONGEST_ASKED_MS = 5 * 60_000;

/**
 * Milliseconds until the next attempt after so many failures in a row: doubling from half a second to
 * 30 seconds, spread by `random` (0 to 1), and never sooner than the server asked for. After no failure
 * still up to a second: a server that restarts ends the watches of the whole fleet in one moment.
 */
export function watchDelayMs(failures: number, random: number, problem?: Error): number {
  const own = failures === 0 ? 1000 * random : delayMs(failures, random);
  const asked = problem instanceof ApiError ? (problem.retryAfterSeconds ?? 0) * 1000 : 0;
  return Math.round(Math.max(own, Math.min(asked, LONGEST_ASKED_MS) * (1 + random / 2)));
}
