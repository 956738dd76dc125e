/**
 * Access to the metrics. On loopback they are open; on an address that other machines reach, the
 * authorizer decides. Health is for the kubelet's probes, which bring no credentials.
 */
import type { Answer } from './answer.ts';
import type { Logger } from '../log/logger.ts';

/** What an authorizer decided, with what the caller may know about it. */
export type Verdict =
  | { readonly outcome: 'Allowed' }
  | { readonly outcome: 'Unauthenticated' | 'Forbidden' | 'Busy' | 'Unavailable'; readonly message: string };

/** Decides about callers; the API server of a cluster does, see `src/kubernetes`. */
export interface MetricsAuthorizer {
  /** Whether the holder of the token may read the metrics. Never throws: an unreachable API server is `Unavailable`. */
  readonly authorize: (token: string) => Promise<Verdict>;
}

/** Gives the answer that refuses a caller, or `undefined` for one who may go on. */
export type Gate = (authorization: string | undefined) => Promise<Answer | undefined>;

const CODES = { Unauthenticated: 401, Forbidden: 403, Busy: 429, Unavailable: 503 } as const;
const BEARER = /^bearer +([\w.~+/=-]+) *$/i;
const NO_TOKEN = 'Only with a bearer token of this cluster: "Authorization: Bearer TOKEN".';

/** A gate that asks the authorizer about the bearer token of every request. */
export function gateOf(authorizer: MetricsAuthorizer, logger: Logger): Gate {
  let wasAvailable = true;
  return async (authorization) => {
    const token = BEARER.exec(authorization ?? '')?.[1];
    const verdict: Verdict =
      token === undefined ? { outcome: 'Unauthenticated', message: NO_TOKEN } : await authorizer.authorize(token);
    const isAvailable = verdict.outcome !== 'Unavailable';
    // Once, and not for every scrape of an outage.
    if (!isAvailable && wasAvailable)
      logger.warn('Callers of /metrics cannot be checked', { problem: verdict.message });
    if (token !== undefined) wasAvailable = isAvailable;
    return verdict.outcome === 'Allowed' ? undefined : refusal(verdict);
  };
}

function refusal({ outcome, message }: Exclude<Verdict, { outcome: 'Allowed' }>): Answer {
  const headers = {
    Unauthenticated: { 'www-authenticate': 'Bearer realm="nodeprep"' },
    Forbidden: {},
    Busy: { 'retry-after': '1' },
    Unavailable: { 'retry-after': '5' },
  }[outcome];
  // Why the API server does not answer is for the log: this caller is not authenticated.
  const text =
    outcome === 'Unavailable' ? 'The API server cannot be asked who you are; see the log of nodeprep.' : message;
  return { code: CODES[outcome], text: `${text}\n`, headers };
}
