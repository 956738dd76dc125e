/**
 * Follows exactly one object: a list, then watches that go on where the last one ended. It never ends
 * by itself: whatever the network, the server or the listener does, it tries again, later each time.
 */
import type { ApiClient, ApiObject } from '../client.ts';
import { ObjectFollower, type WatchSeams, type WatchTarget } from './object-follower.ts';
import { watchDelayMs } from './watch-delay.ts';

export type { WatchSeams, WatchTarget } from './object-follower.ts';

/** Who is told what the object is, and how following it goes. */
export interface ObjectListener {
  /**
   * The object as it is now, `undefined` when there is none; awaited before the next call. When it
   * throws, that is a problem like all others, and the object is shown again with the next attempt.
   */
  readonly onChange: (object: ApiObject | undefined) => void | Promise<void>;
  /** Asked before an object that was there is shown to be gone; when it throws, that is a problem as well. */
  readonly confirmGone?: (signal: AbortSignal) => Promise<void>;
  /** Something failed and is tried again after so many milliseconds. */
  readonly onProblem: (error: Error, retryMs: number) => void;
  /** The server answers again after a problem. */
  readonly onRecovered?: () => void;
}

/** A watch that ends sooner without having said anything did not really stand. */
const STANDS_MS = 10_000;

/** Calls the listener for the object as it is, and whenever it changes, until aborted. Never rejects. */
export async function watchObject(
  client: ApiClient,
  target: WatchTarget,
  listener: ObjectListener,
  seams: WatchSeams,
  signal: AbortSignal,
): Promise<void> {
  let hasProblem = false;
  const alive = () => {
    if (hasProblem) quietly(() => listener.onRecovered?.());
    hasProblem = false;
  };
  const { onChange: changed, confirmGone } = listener;
  const follower = new ObjectFollower(client, target, { changed, confirmGone, alive }, seams);
  let failures = 0;
  while (!signal.aborted) {
    const startedAt = seams.clock();
    const problem = await problemOf(() => follower.round(signal));
    if (signal.aborted) return;
    const stood = follower.takeProgress() || seams.clock() - startedAt >= STANDS_MS;
    if (stood) failures = 0;
    if (problem !== undefined || !stood) failures += 1;
    // A second failure may mean a server with another history, such as one restored from a backup: it
    // would keep silent about everything older than the version that it is asked for.
    if (failures > 1) follower.forgetVersion();
    const retryMs = watchDelayMs(failures, seams.random(), problem);
    if (problem !== undefined) {
      hasProblem = true;
      quietly(() => listener.onProblem(problem, retryMs));
    }
    await pause(retryMs, signal);
  }
}

async function problemOf(work: () => Promise<void>): Promise<Error | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error), { cause: error });
  }
}

/** What a listener does wrong while it is told about a problem must not end the watch. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // It was only told.
  }
}

/** Ends early, without an error, when aborted. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.resolve();
  const done = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', done);
    resolve();
  };
  const timer = setTimeout(done, milliseconds);
  signal.addEventListener('abort', done, { once: true });
  return promise;
}
