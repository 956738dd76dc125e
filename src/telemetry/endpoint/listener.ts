/** The socket of the endpoint: plain on loopback, TLS elsewhere, and what a stranger may hold of it. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { KeyPairSource } from './key-pairs.ts';
import type { KeyPair } from './self-signed.ts';
import type { Logger } from '../log/logger.ts';

type Socket = IncomingMessage['socket'];

/** Handles one request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Longest time for the headers, for a TLS handshake, and between two requests. */
const TIMEOUT_MS = 5000;
/** Longest silence while an answer is made or read; the API server has five seconds to review a token. */
const SILENCE_MS = 10_000;
const RENEWAL_MS = 60_000;
const COMMON = { headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, keepAliveTimeout: TIMEOUT_MS };

/** Scrapers and probes of this machine need one connection each; what is not closed in time counts as well. */
const MAX_LOCAL = 32;
const MAX_REMOTE = 64;
/** A pair of Prometheus servers behind one address, with what they are just closing. */
const MAX_PER_ADDRESS = 16;

/** TLS 1.2 is for clients in FIPS mode; of its ciphers those with forward secrecy and authenticated encryption. */
const TLS = {
  minVersion: 'TLSv1.2',
  ciphers: [
    ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
    ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
    ...['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ].join(':'),
  // Many requests in one connection are what HTTP/2 floods are made of, and a scraper sends one at a time.
  ALPNProtocols: ['http/1.1'],
  handshakeTimeout: TIMEOUT_MS,
} as const;

/** A server for this machine. */
export function plainServer(handler: Handler): Server {
  // The import of node:http takes 33 ms as an ES module, and commands that serve nothing must not pay it.
  const server = process.getBuiltinModule('node:http').createServer({ ...COMMON, maxHeaderSize: 8192 }, handler);
  server.setTimeout(SILENCE_MS);
  limitConnections(server);
  return server;
}

/** A server for other machines, and how to end the renewal of its certificate. Throws without a usable pair. */
export async function secureServer(
  handler: Handler,
  source: KeyPairSource,
  logger: Logger,
): Promise<{ readonly server: SecureServer; readonly stopRenewal: () => void }> {
  const first = await source();
  // Tokens with many groups are long; Node's default is 16 KiB.
  const options = { ...COMMON, ...TLS, ...first, maxHeaderSize: 16_384 };
  const server = process.getBuiltinModule('node:https').createServer(options, handler);
  server.setTimeout(SILENCE_MS);
  limitConnections(server);
  // A scanner that speaks no TLS is no fault of this host.
  server.on('tlsClientError', (error) => logger.debug('TLS handshake failed', { error }));
  return { server, stopRenewal: renew(server, first, source, logger) };
}

/** Polled, because a renewal may swap links, rename files or write in place; one read a minute costs nothing. */
function renew(server: SecureServer, first: KeyPair, source: KeyPairSource, logger: Logger): () => void {
  let served = first;
  let known: string | undefined;
  const look = async () => {
    try {
      const next = await source();
      if (next.cert !== served.cert || next.key !== served.key) {
        // Throws when key and certificate do not belong together, as between the writing of one and the other.
        server.setSecureContext({ ...TLS, ...next });
        served = next;
        logger.info('Serving metrics with a new certificate');
      }
      known = undefined;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== known) logger.warn('The new certificate cannot be used, the last one stays', { problem });
      known = problem;
    }
  };
  const timer = setInterval(() => void look(), RENEWAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * Strangers share a number of connections that those of this machine do not count into: the kubelet probes a pod on the
 * host's network from the very address that it probes. At the limit the oldest connection
 * without a request is closed, so that idle connections cannot block the endpoint.
 */
function limitConnections(server: Server): void {
  const open = new Map<Socket, string>();
  const busy = new Set<string>();
  const keep = (limit: number, counts: (address: string) => boolean, newest: Socket) => {
    const counted = [...open].filter(([, address]) => counts(address)).map(([socket]) => socket);
    if (counted.length <= limit) return;
    const oldest = counted.find((socket) => !busy.has(nameOf(socket))) ?? newest;
    open.delete(oldest);
    oldest.destroy();
  };
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const own = address === socket.localAddress ? OWN : address;
    open.set(socket, own);
    socket.once('close', () => open.delete(socket));
    keep(own === OWN ? MAX_LOCAL : MAX_PER_ADDRESS, (one) => one === own, socket);
    if (own !== OWN) keep(MAX_REMOTE, (one) => one !== OWN, socket);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // With TLS this is another object than the socket that was accepted.
    const name = nameOf(request.socket);
    busy.add(name);
    response.once('close', () => busy.delete(name));
  });
}

const OWN = 'this machine';

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
