/**
 * One piece of work after the other, outside of the loop of the host: however often it is asked for, it is
 * done once, and tried again with growing delays when it fails. The caller never waits.
 */
import { backoffMs } from '../../reconcile/loop/backoff.ts';
import { ApiError } from '../client.ts';

/** A worker that runs until it is aborted. */
export interface Background {
  /** There may be something to do. */
  readonly wake: () => void;
  /** There may be something to do, and the obstacle may be gone: a delay is cut short. */
  readonly hurry: () => void;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** What a worker does, with its clock and randomness. */
export interface BackgroundParts {
  /** Does what there is to do; gives the milliseconds after which to look again, `undefined` for "when woken". */
  readonly work: (signal: AbortSignal) => Promise<number | undefined>;
  /** The work failed and is tried again after so many milliseconds. */
  readonly onError: (error: Error, retryMs: number) => void;
  readonly clock: () => number;
  /** 0 to 1. */
  readonly random: () => number;
}

/** A fleet that notices the end of an outage at one moment spreads its requests over this time. */
const SPREAD_MS = 10_000;

/** Refusals that need a person are tried again rarely. */
const REFUSED_MS = 5 * 60_000;

/** A worker that does nothing until it runs. */
export function createBackground({ work, onError, clock, random }: BackgroundParts): Background {
  let isWanted = true;
  let notBefore = 0;
  let failures = 0;
  let lookAgainAt: number | undefined;
  let stir: () => void = () => undefined;
  const attempt = async (signal: AbortSignal) => {
    isWanted = false;
    lookAgainAt = undefined;
    try {
      const again = await work(signal);
      failures = 0;
      if (again !== undefined) lookAgainAt = clock() + again;
    } catch (thrown) {
      if (signal.aborted) return;
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      failures += 1;
      const retryMs = retryAfter(error, failures, random());
      notBefore = clock() + retryMs;
      isWanted = true;
      onError(error, retryMs);
    }
  };
  return {
    wake: () => {
      isWanted = true;
      stir();
    },
    hurry: () => {
      isWanted = true;
      notBefore = Math.min(notBefore, clock() + random() * SPREAD_MS);
      stir();
    },
    run: async (signal) => {
      while (!signal.aborted) {
        const at = isWanted ? notBefore : Math.max(lookAgainAt ?? Number.POSITIVE_INFINITY, notBefore);
        const waitMs = at - clock();
        if (waitMs <= 0) await attempt(signal);
        else await pause(waitMs, signal, (wake) => (stir = wake));
      }
    },
  };
}

/** How long to wait after the n-th failure in a row. */
function retryAfter(error: Error, failures: number, random: number): number {
  const delay = backoffMs(failures, random);
  if (!(error instanceof ApiError)) return delay;
  const asked = (error.retryAfterSeconds ?? 0) * 1000 * (1 + random / 2);
  const passing = [404, 408, 409, 410, 429].includes(error.code) || error.code >= 500 || error.code === 401;
  return Math.max(delay, asked, passing ? 0 : REFUSED_MS * (0.75 + random / 2));
}

/** Longest delay that a timer of Node takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function pause(milliseconds: number, signal: AbortSignal, onWake: (wake: () => void) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', done);
    onWake(() => undefined);
    resolve();
  };
  const timer = setTimeout(done, Math.min(milliseconds, LONGEST_TIMER_MS));
  signal.addEventListener('abort', done, { once: true });
  onWake(done);
  if (signal.aborted) done();
  return promise;
}
