/** HTTP/2: all requests and watches share one connection, and a PING tells a quiet server from a dead one. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { type Connection, NotProcessedError, type WireAnswer, type WireRequest } from './connection.ts';
import type { Patience } from './dial.ts';

/** Speaks HTTP/2 on an open connection. */
export function createHttp2Connection(socket: TLSSocket, server: URL, patience: Patience): Connection {
  const session = connect(server, { createConnection: () => socket, settings: { enablePush: false } });
  let isGoingAway = false;
  session.on('goaway', () => {
    isGoingAway = true;
  });
  // The exchanges get the error; without a listener it would end the process.
  session.on('error', () => {});
  const stopPinging = keepPinging(session, patience);
  session.once('close', stopPinging);
  const isUsable = () => !isGoingAway && !session.closed && !session.destroyed;
  return {
    isUsable,
    exchange: async (request, signal) => {
      signal.throwIfAborted();
      if (!isUsable()) throw new NotProcessedError('the connection was closed');
      return exchange(session, server, request, signal);
    },
    drain: () => session.close(),
    isDone: () => session.destroyed,
    destroy: () => session.destroy(),
  };
}

function exchange(
  session: ClientHttp2Session,
  server: URL,
  request: WireRequest,
  signal: AbortSignal,
): Promise<WireAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<WireAnswer>();
  const stream = session.request(
    { ...request.headers, ':method': request.method, ':path': request.path, ':authority': server.host },
    { endStream: request.body === undefined },
  );
  const stop = () => {
    stream.close(constants.NGHTTP2_CANCEL);
    stream.destroy(signal.reason as Error);
  };
  signal.addEventListener('abort', stop, { once: true });
  stream.once('response', ({ ':status': status = 0, ...headers }) =>
    resolve({ status, headers, body: stream, isWatchedOver: true }),
  );
  // Stays for the whole exchange: an error while the body is not being read must not end the process.
  stream.on('error', (error) => reject(isRefused(stream) ? new NotProcessedError(error.message) : error));
  stream.once('close', () => {
    signal.removeEventListener('abort', stop);
    reject(new Error('the server ended the exchange before it answered'));
  });
  if (request.body !== undefined) stream.end(request.body);
  return promise;
}

/** RFC 9113, 8.7: REFUSED_STREAM, also for streams above the last one of a GOAWAY, means that nothing was done. */
function isRefused(stream: ClientHttp2Stream): boolean {
  return stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
}

function keepPinging(session: ClientHttp2Session, { pingIntervalMs, pingAnswerMs }: Patience): () => void {
  let deadline: NodeJS.Timeout | undefined;
  const ping = () => {
    if (session.destroyed || deadline !== undefined) return;
    deadline = setTimeout(
      () => session.destroy(new Error(`the server did not answer a PING within ${pingAnswerMs / 1000} s`)),
      pingAnswerMs,
    );
    session.ping(() => {
      clearTimeout(deadline);
      deadline = undefined;
    });
  };
  const interval = setInterval(ping, pingIntervalMs);
  interval.unref();
  return () => {
    clearInterval(interval);
    clearTimeout(deadline);
  };
}
