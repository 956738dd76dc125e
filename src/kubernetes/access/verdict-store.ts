/**
 * Caches for a short time what the API server said about a token. Tokens are stored as hashes, and the
 * numbers of both good and bad ones are bounded, each on its own: a flood of wrong tokens must not evict
 * the one of the real scraper.
 */
import { createHash } from 'node:crypto';
import type { AccessVerdict } from './reviews.ts';

/** Verdicts by token. */
export interface VerdictStore {
  /** The verdict about the token that still holds. */
  readonly recall: (key: string) => AccessVerdict | undefined;
  /** Whether the token was good the last time, however long ago. */
  readonly wasAllowed: (key: string) => boolean;
  readonly keep: (key: string, verdict: AccessVerdict) => void;
}

/** Two requests each time are twelve an hour for each scraper and agent; a revoked token can read for as long. */
const ALLOWED_MS = 10 * 60_000;
const DENIED_MS = 10_000;
const MAX_ALLOWED = 64;
const MAX_DENIED = 256;

/** The name under which a token is cached. */
export function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

/** An empty store; `clock` gives monotonic milliseconds. */
export function createVerdictStore(clock: () => number): VerdictStore {
  const allowed = new Map<string, { readonly verdict: AccessVerdict; readonly until: number }>();
  const denied = new Map<string, { readonly verdict: AccessVerdict; readonly until: number }>();
  return {
    recall: (key) => {
      const known = allowed.get(key) ?? denied.get(key);
      return known !== undefined && known.until > clock() ? known.verdict : undefined;
    },
    wasAllowed: (key) => allowed.has(key),
    keep: (key, verdict) => {
      // Not cached: an unreachable API server says nothing about the token.
      if (verdict.outcome === 'Busy' || verdict.outcome === 'Unavailable') return;
      allowed.delete(key);
      denied.delete(key);
      const isAllowed = verdict.outcome === 'Allowed';
      const store = isAllowed ? allowed : denied;
      store.set(key, { verdict, until: clock() + (isAllowed ? ALLOWED_MS : DENIED_MS) });
      const oldest = store.keys().next().value;
      if (store.size > (isAllowed ? MAX_ALLOWED : MAX_DENIED) && oldest !== undefined) store.delete(oldest);
    },
  };
}
