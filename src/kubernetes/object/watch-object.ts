/**
 * Follows exactly one object: a list, then watches that go on where the last one ended. It ends
 * only when aborted: after every failure of the network, the server or the listener it tries again, later each time.
 */
import type { ApiClient, ApiObject } from '../client.ts';
import type { Absence, Evidence } from './absence.ts';
import { ObjectFollower, type WatchSeams, type WatchTarget } from './object-follower.ts';
import { pause } from './pause.ts';
import { watchDelayMs } from './watch-delay.ts';

export type { WatchSeams, WatchTarget } from './object-follower.ts';

/** Receives the object, and how following it goes. */
export interface ObjectListener {
  /**
   * The object as it is now, `undefined` when there is none, and then why; awaited before the next call. When it
   * throws, that is a problem like all others, and the object is shown again with the next attempt.
   */
  readonly onChange: (object: ApiObject | undefined, why?: Absence) => void | Promise<void>;
  /** Asked why an object that was there is missing; when it throws, that is a problem as well. */
  readonly judgeAbsence?: (evidence: Evidence, signal: AbortSignal) => Promise<Absence>;
  /** Asked after 404; may throw a more precise error. */
  readonly notFound?: (signal: AbortSignal) => Promise<unknown>;
  /** Something failed and is tried again after so many milliseconds. */
  readonly onProblem: (error: Error, retryMs: number) => void;
  /** The server answers again after a problem. */
  readonly onRecovered?: () => void;
}

/** A watch that ends sooner without an event never really stood. */
const STANDS_MS = 10_000;

/**
 * Calls the listener for the object as it is, and whenever it changes, until aborted. Never rejects;
 * resolves with the version up to which the history of the server is known.
 */
export async function watchObject(
  client: ApiClient,
  target: WatchTarget,
  listener: ObjectListener,
  seams: WatchSeams,
  signal: AbortSignal,
): Promise<string | undefined> {
  let hasProblem = false;
  const alive = () => {
    if (hasProblem) quietly(() => listener.onRecovered?.());
    hasProblem = false;
  };
  const { onChange: changed, judgeAbsence, notFound } = listener;
  const follower = new ObjectFollower(client, target, { changed, judgeAbsence, notFound, alive }, seams);
  let failures = 0;
  while (!signal.aborted) {
    const startedAt = seams.clock();
    const problem = await problemOf(() => follower.round(signal));
    if (signal.aborted) break;
    const stood = follower.takeProgress() || seams.clock() - startedAt >= STANDS_MS;
    if (stood) failures = 0;
    if (problem !== undefined || !stood) failures += 1;
    if (problem !== undefined) follower.forgetVersion();
    const retryMs = watchDelayMs(failures, seams.random(), problem);
    if (problem !== undefined) {
      hasProblem = true;
      quietly(() => listener.onProblem(problem, retryMs));
    }
    await pause(retryMs, signal);
  }
  return follower.highest();
}

async function problemOf(work: () => Promise<void>): Promise<Error | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error), { cause: error });
  }
}

/** An error of the listener while it is told about a problem must not end the watch. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // It was only a notification.
  }
}
