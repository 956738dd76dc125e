/**
 * The transport of the agent: one HTTP/2 connection for every request and watch, credentials from
 * the official client's KubeConfig. The official client itself opens a TLS connection for each call
 * and loads models of the whole API, see docs/adr. Nothing is opened or read before the first
 * request, and nothing here retries, except what the server certainly did not process or refused
 * with an old token: when to try again is the caller's decision.
 */
import { type ApiClient, ApiError, type ApiRequest, type WatchEvent } from '../client.ts';
import { jsonFrom, linesOf, textOf } from './body.ts';
import { NotProcessedError, type WireAnswer, type WireRequest } from './connection.ts';
import { createConnections, type Connections } from './connections.ts';
import { type Access, createCredentials, type Credentials } from './credentials.ts';
import type { Patience } from './dial.ts';
import type { KubeConfigRequest } from './kube-config.ts';
import { refusalFrom } from './refusal.ts';
import { DeadlineError, openScope, type Scope, unlessAborted } from './scope.ts';
import { unreachable } from './unreachable.ts';

/** How the API server is reached. */
export interface ApiClientOptions extends KubeConfigRequest, Partial<Patience> {
  /** Such as `nodeprep/1.2.3`: what the audit log of the cluster shows. */
  readonly userAgent: string;
  /** For a whole answer, and for the head of a watch. */
  readonly requestMs?: number;
  /** A watch that is silent for so long is ended, so that the next one shows whether the server is there. */
  readonly silenceMs?: number;
}

const PATIENCE: Patience = { connectMs: 10_000, pingIntervalMs: 30_000, pingAnswerMs: 15_000 };
const REQUEST_MS = 30_000;
/** Bookmarks come once a minute at most, and none while nothing changes: silence alone says little without a PING. */
const SILENCE_MS = 150_000;
/** Longer than any watch that ends itself: a proxy may answer each PING for a server that is gone. */
const WATCHED_OVER_SILENCE_MS = 620_000;

/** A client for the API server of a kubeconfig or of the pod. Never throws here: errors show when it is used. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  return new HttpApiClient(options);
}

class HttpApiClient implements ApiClient {
  readonly #options: ApiClientOptions;
  readonly #credentials: Credentials;
  readonly #connections: Connections;
  readonly #closed = new AbortController();

  constructor(options: ApiClientOptions) {
    this.#options = options;
    // A clock of the host that is set back would stop the rotation of credentials for as long.
    this.#credentials = createCredentials(options, () => performance.now());
    const { connectMs, pingIntervalMs, pingAnswerMs } = { ...PATIENCE, ...options };
    this.#connections = createConnections({ connectMs, pingIntervalMs, pingAnswerMs });
  }

  readonly send = async (request: ApiRequest, signal: AbortSignal): Promise<unknown> => {
    using scope = openScope(signal);
    const { answer, access } = await this.#request(request, scope);
    return await this.#reading(request, access, scope, async () => {
      const text = await textOf(answer.body);
      return text === '' ? undefined : jsonFrom(text);
    });
  };

  async *watch(request: ApiRequest, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    using scope = openScope(signal);
    const { answer, access } = await this.#request({ ...request, query: { ...request.query, watch: true } }, scope);
    const silenceMs = this.#options.silenceMs ?? (answer.isWatchedOver ? WATCHED_OVER_SILENCE_MS : SILENCE_MS);
    const listen = () => scope.allow(silenceMs, `nothing came for ${silenceMs / 1000} s`);
    listen();
    try {
      for await (const line of linesOf(answer.body, listen)) yield jsonFrom(line) as WatchEvent;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (scope.signal.reason instanceof DeadlineError) return;
      throw unreachable(whatOf(request), access.server, error);
    } finally {
      answer.body.destroy();
    }
  }

  readonly close = async (): Promise<void> => {
    this.#closed.abort(new Error('the client was closed'));
    this.#connections.destroy();
  };

  /** The head of a good answer; a refused token is renewed once. */
  async #request(request: ApiRequest, scope: Scope) {
    const requestMs = this.#options.requestMs ?? REQUEST_MS;
    scope.allow(requestMs, `no answer within ${requestMs / 1000} s`);
    let access = await unlessAborted(this.#credentials.current(), scope.signal);
    let answer = await this.#exchange(request, access, scope);
    if (answer.status === 401) {
      answer.body.destroy();
      access = await unlessAborted(this.#credentials.renewed(access), scope.signal);
      answer = await this.#exchange(request, access, scope);
    }
    if (answer.status >= 200 && answer.status < 300) return { answer, access };
    const text = await this.#reading(request, access, scope, () => textOf(answer.body));
    const header = answer.headers['retry-after'];
    const retryAfter = typeof header === 'string' ? header : undefined;
    throw refusalFrom(whatOf(request), { status: answer.status, text, retryAfter }, Date.now());
  }

  async #exchange(request: ApiRequest, access: Access, scope: Scope): Promise<WireAnswer> {
    const wire = wireFrom(request, access, this.#options.userAgent);
    return this.#reading(request, access, scope, async () => {
      for (let attempt = 1; ; attempt += 1) {
        this.#closed.signal.throwIfAborted();
        const connection = await unlessAborted(this.#connections.forAccess(access), scope.signal);
        try {
          return await connection.exchange(wire, scope.signal);
        } catch (error) {
          if (!(error instanceof NotProcessedError) || attempt === 3) throw error;
        }
      }
    });
  }

  /** Work on the wire, whose failures become errors of the API. */
  async #reading<T>(request: ApiRequest, access: Access, scope: Scope, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ApiError) throw error;
      const reason: unknown = scope.signal.aborted ? scope.signal.reason : error;
      if (scope.signal.aborted && !(reason instanceof DeadlineError)) throw reason;
      throw unreachable(whatOf(request), access.server, reason);
    }
  }
}

function whatOf({ method, path }: ApiRequest): string {
  return `Cannot ${method} "${path}"`;
}

function wireFrom({ method, path, query, body, contentType }: ApiRequest, access: Access, agent: string): WireRequest {
  const entries = Object.entries(query ?? {}).map(([name, value]): [string, string] => [name, String(value)]);
  const search = entries.length === 0 ? '' : `?${new URLSearchParams(entries).toString()}`;
  // A server address may have a path of its own, as Rancher's have.
  const prefix = access.server.pathname.replace(/\/$/, '');
  return {
    method,
    path: `${prefix}${path}${search}`,
    headers: {
      ...access.headers,
      accept: 'application/json',
      'user-agent': agent,
      ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  };
}
