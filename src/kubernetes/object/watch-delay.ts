import { ApiError } from '../client.ts';

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** A server that asks for more is not believed: its clock or a proxy is wrong. */
const LONGEST_ASKED_MS = 5 * 60_000;

/**
 * Milliseconds until the next attempt after so many failures in a row: doubling from half a second to
 * 30 seconds, spread by `random` (0 to 1), and never sooner than the server asked for. After no failure
 * still up to a second: a server that restarts ends the watches of the whole fleet in one moment.
 */
export function watchDelayMs(failures: number, random: number, problem?: Error): number {
  const longest = failures === 0 ? 1000 : Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
  const least = failures === 0 ? 0 : longest / 2;
  const own = least + (longest - least) * random;
  const asked = problem instanceof ApiError ? (problem.retryAfterSeconds ?? 0) * 1000 : 0;
  return Math.round(Math.max(own, Math.min(asked, LONGEST_ASKED_MS) * (1 + random / 2)));
}
