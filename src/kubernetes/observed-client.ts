/** A client that reports every exchange, for the metrics. */
import { type ApiClient, ApiError, type ApiRequest } from './client.ts';
import type { ExchangeObserver } from './ports.ts';

const VERBS: Readonly<Record<ApiRequest['method'], string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** The same client, observed. */
export function observedClient(client: ApiClient, observer: ExchangeObserver): ApiClient {
  const failed = (verb: string, error: unknown, signal: AbortSignal) => {
    if (error instanceof ApiError) observer.onContact();
    if (!signal.aborted) observer.onRequest(verb, error instanceof ApiError ? error.code : 'error');
    throw error;
  };
  return {
    close: client.close,
    send: async (request, signal) => {
      const verb = VERBS[request.method];
      try {
        const answer = await client.send(request, signal);
        observer.onRequest(verb, 200);
        observer.onContact();
        return answer;
      } catch (error) {
        return failed(verb, error, signal);
      }
    },
    watch: async function* observed(request, signal) {
      try {
        for await (const event of client.watch(request, signal)) {
          observer.onContact();
          yield event;
        }
      } catch (error) {
        return failed('watch', error, signal);
      }
      // Counted when it ends: an open watch is the normal state, not a request.
      observer.onRequest('watch', 200);
    },
  };
}
