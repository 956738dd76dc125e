/**
 * Lets the API server decide who reads the metrics of an agent, as controllers in a cluster do:
 * TokenReview names the holder of the bearer token, SubjectAccessReview whether they may GET /metrics.
 * Requests to the API server are bounded, because any client that reaches the port can cause them.
 */
import type { ApiClient } from '../client.ts';
import { type AccessVerdict, review } from './reviews.ts';
import { createVerdictStore, keyOf } from './verdict-store.ts';

/** What access is built from. */
export interface MetricsAccessParts {
  readonly client: Pick<ApiClient, 'send'>;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
}

/** Decides about the holders of tokens. */
export interface MetricsAccess {
  /** Whether the holder may read the metrics. Never throws; only callers that the API server admitted get in. */
  readonly authorize: (token: string) => Promise<AccessVerdict>;
}

const WANTED = { path: '/metrics', verb: 'get' } as const;
/** Shorter than the ten seconds after which Prometheus gives up. */
const REVIEW_MS = 5000;
/** Reviews of tokens that were never good: at once, and for each second that passes. */
const BURST = 10;
const PER_SECOND = 2;
const BUSY: AccessVerdict = {
  outcome: 'Busy',
  message: 'Too many callers with unknown tokens; try again in a second.',
};

/** An authorizer for the metrics endpoint; its answers hold for ten minutes, refusals for ten seconds. */
export function createMetricsAccess({ client, clock }: MetricsAccessParts): MetricsAccess {
  const store = createVerdictStore(clock);
  const running = new Map<string, Promise<AccessVerdict>>();
  let credit = BURST;
  let creditAt = clock();

  const takeCredit = (): boolean => {
    const now = clock();
    credit = Math.min(BURST, credit + ((now - creditAt) / 1000) * PER_SECOND);
    creditAt = now;
    if (credit < 1) return false;
    credit -= 1;
    return true;
  };
  const ask = async (key: string, token: string): Promise<AccessVerdict> => {
    try {
      const verdict = await review(client, token, WANTED, AbortSignal.timeout(REVIEW_MS));
      store.keep(key, verdict);
      return verdict;
    } finally {
      running.delete(key);
    }
  };
  return {
    authorize: async (token) => {
      const key = keyOf(token);
      const known = store.recall(key) ?? running.get(key);
      if (known !== undefined) return known;
      // A scraper that was admitted before gets in again while other clients flood the port.
      if (!store.wasAllowed(key) && !takeCredit()) return BUSY;
      const asked = ask(key, token);
      running.set(key, asked);
      return asked;
    },
  };
}
