/** Opens the TLS connection and learns from it which version of HTTP the server speaks. */
import { connect, type ConnectionOptions, type SecureContext, type TLSSocket } from 'node:tls';
import type { Access } from './credentials.ts';

/** How a connection is opened and checked; all in milliseconds. */
export interface Patience {
  /** For TCP, a proxy and TLS together. */
  readonly connectMs: number;
  readonly pingIntervalMs: number;
  /** For the answer to a PING. */
  readonly pingAnswerMs: number;
}

/** Where to, with the parsed certificates of that access. */
export interface Destination {
  readonly access: Access;
  readonly secureContext: SecureContext;
}

/** As client-go: shorter than the idle time-outs of load balancers (60 s and more). */
const KEEP_ALIVE_MS = 30_000;

/** A TLS connection to the server, ready for use. Throws when it does not stand in time. */
export async function dial(
  { access, secureContext }: Destination,
  protocols: readonly string[],
  connectMs: number,
): Promise<TLSSocket> {
  const { server } = access;
  const options: ConnectionOptions = {
    ...access.tls,
    secureContext,
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port === '' ? 443 : Number(server.port),
    ALPNProtocols: [...protocols],
    // Ends a CONNECT that a proxy never answers; a TLS connection only tells, and the timer below ends it.
    timeout: connectMs,
  };
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  let socket: TLSSocket | undefined;
  let isOver = false;
  const timer = setTimeout(() => reject(new Error(`no connection within ${connectMs / 1000} s`)), connectMs);
  const use = (made: TLSSocket) => {
    socket = made;
    // Also while there is no other listener, before and after: an unhandled 'error' would end the process.
    made.on('error', reject);
    if (isOver) {
      made.destroy();
      return;
    }
    made.once('close', () => reject(new Error('the connection was closed during the TLS handshake')));
    made.once('secureConnect', () => resolve(made));
  };
  try {
    if (access.proxy === undefined) use(connect(options));
    else openThroughProxy(access.proxy, options, (error, made) => (made === undefined ? reject(error) : use(made)));
    const ready = await promise;
    ready.setTimeout(0);
    ready.setKeepAlive(true, KEEP_ALIVE_MS);
    ready.setNoDelay(true);
    return ready;
  } catch (error) {
    socket?.destroy();
    throw error;
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

/** The agent that KubeConfig makes for a proxy-url; it answers through its callback only. */
function openThroughProxy(
  agent: NonNullable<Access['proxy']>,
  options: ConnectionOptions,
  done: (error: Error, socket: TLSSocket | undefined) => void,
): void {
  agent.createConnection(options, (error, socket) => {
    const reason = new Error(`the proxy did not connect: ${error?.message ?? 'no reason given'}`, { cause: error });
    done(reason, error === null ? (socket as TLSSocket) : undefined);
  });
}
