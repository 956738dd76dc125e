/**
 * HTTP/1.1, for load balancers and proxies that offer nothing else. An exchange needs a connection of
 * its own, so there are as many as there are exchanges at a time (a watch and a request: two), kept alive.
 */
import { Agent, request as requestOf } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type Connection, NotProcessedError, type WireAnswer, type WireRequest } from './connection.ts';
import { Places } from './places.ts';

/** More exchanges at a time than this wait for each other; the agent's own limit ignores connections that are being opened. */
const MAX_EXCHANGES = 6;

/** Speaks HTTP/1.1 on an open connection and on further ones from `dialAnother`. */
export function createHttp1Connection(
  first: TLSSocket,
  server: URL,
  dialAnother: () => Promise<TLSSocket>,
): Connection {
  const agent = new DialingAgent(first, dialAnother);
  const places = new Places(MAX_EXCHANGES);
  let isUsable = true;
  return {
    isUsable: () => isUsable,
    exchange: async (request, signal) => {
      signal.throwIfAborted();
      await places.enter(signal);
      try {
        if (isUsable) return await exchange(agent, server, request, signal, () => places.leave());
      } catch (error) {
        // The next connection asks again which version the server speaks.
        if (!signal.aborted) isUsable = false;
        throw error;
      }
      places.leave();
      throw new NotProcessedError('the connection was closed');
    },
    drain: () => {
      isUsable = false;
      agent.closeIdle();
    },
    isDone: () => !isUsable && Object.keys(agent.sockets).length === 0,
    destroy: () => {
      isUsable = false;
      agent.destroy();
    },
  };
}

class DialingAgent extends Agent {
  #first: TLSSocket | undefined;
  readonly #dial: () => Promise<TLSSocket>;

  constructor(first: TLSSocket, dial: () => Promise<TLSSocket>) {
    super({ keepAlive: true, maxFreeSockets: 2 });
    this.#first = first;
    this.#dial = dial;
  }

  override createConnection(
    _: unknown,
    done?: (error: Error | null, socket: Duplex) => void,
  ): Duplex | null | undefined {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined && !first.destroyed) return first;
    void this.#answer(done);
    return undefined;
  }

  async #answer(done?: (error: Error | null, socket: Duplex) => void): Promise<void> {
    let socket: Duplex;
    try {
      socket = await this.#dial();
    } catch (error) {
      // The type of the callback wants a socket beside an error; it is never used.
      done?.(error as Error, undefined as unknown as Duplex);
      return;
    }
    done?.(null, socket);
  }

  closeIdle(): void {
    this.#first?.destroy();
    this.maxFreeSockets = 0;
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  override destroy(): void {
    this.#first?.destroy();
    super.destroy();
  }
}

function exchange(
  agent: Agent,
  server: URL,
  wire: WireRequest,
  signal: AbortSignal,
  over: () => void,
): Promise<WireAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<WireAnswer>();
  const { method, path, body } = wire;
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const request = requestOf({
    agent,
    host: server.hostname,
    port: server.port,
    method,
    path,
    headers: { ...wire.headers, host: server.host, ...length },
  });
  const stop = () => request.destroy(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  request.once('response', (answer) => {
    // Stays for the whole exchange: an error while the body is not being read must not end the process.
    answer.on('error', () => {});
    resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer, isWatchedOver: false });
  });
  request.on('error', (error) =>
    // The server closed an idle connection just when it was used again.
    reject(request.reusedSocket && wire.method === 'GET' ? new NotProcessedError(error.message) : error),
  );
  request.once('close', () => {
    signal.removeEventListener('abort', stop);
    over();
    reject(new Error('the server ended the exchange before it answered'));
  });
  request.end(body);
  return promise;
}
