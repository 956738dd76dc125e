/**
 * The endpoint: /metrics, /healthz and /readyz, plain on loopback, or with TLS and for callers whom
 * an authorizer lets in on any other address.
 */
import type { Server } from 'node:http';
import type { NodeReport, ReportSink } from '../../reconcile/report/node-report.ts';
import { gateOf, type MetricsAuthorizer } from './access.ts';
import { type Answer, sendAnswer } from './answer.ts';
import type { KeyPairSource } from './key-pairs.ts';
import { type Handler, plainServer, secureServer } from './listener.ts';
import type { Logger } from '../log/logger.ts';
import { isLoopback } from './loopback.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { answering, type StandbyNote } from './routes.ts';

/** What the endpoint serves and where. */
export interface ServerOptions {
  /** 0 serves nothing. */
  readonly port: number;
  /** An address of this machine, empty for all of them; default 127.0.0.1. */
  readonly host?: string;
  /** TLS and who may read the metrics; without it the endpoint takes loopback addresses only. */
  readonly secure?: { readonly keyPair: KeyPairSource; readonly authorizer: MetricsAuthorizer };
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>;
  /** Behind whom this process stands by, when it does. */
  readonly standby?: () => StandbyNote | undefined;
  readonly logger: Logger;
}

/** The endpoint; as a sink it learns whether the host is ready. */
export interface TelemetryServer extends ReportSink {
  /** The port that is listened on; 0 when nothing is served. */
  readonly port: number;
  /** What was published is of another time, and counts no more. */
  readonly forget: () => void;
  /** Stops listening and ends open connections at once. */
  readonly close: () => Promise<void>;
}

/** The endpoint could not be opened; the message says why and how to go on without it. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError';
}

const LOOPBACK = '127.0.0.1';

/** Starts serving, or gives an endpoint that serves nothing when the port is 0. Throws `ServerStartError`. */
export async function startServer(options: ServerOptions): Promise<TelemetryServer> {
  if (options.port === 0)
    return { name: 'server', port: 0, publish: async () => {}, forget: () => {}, close: async () => {} };
  return listen(options);
}

/** As `startServer`, but port 0 takes any free port. */
export async function listen(options: ServerOptions): Promise<TelemetryServer> {
  const { metrics, logger, secure, standby = () => undefined } = options;
  const host = options.host ?? LOOPBACK;
  if (secure === undefined && !isLoopback(host)) {
    throw new ServerStartError(`Cannot serve metrics on "${host}" without TLS: other machines reach this address`);
  }
  let last: NodeReport | undefined;
  const gate = secure === undefined ? undefined : gateOf(secure.authorizer, logger);
  const answer = answering({ metrics, report: () => last, standby, gate });
  const handler: Handler = (request, response) => {
    // A body has no meaning here: it is not read, and the connection ends with the answer.
    if (hasBody(request.headers)) response.shouldKeepAlive = false;
    answer(request)
      .catch((error: unknown): Answer => {
        logger.error('Request could not be answered', { path: request.url, error });
        return { code: 500, text: 'Internal error; the log of nodeprep says more.\n' };
      })
      .then((result) => sendAnswer(request, response, result))
      .catch((error: unknown) => logger.debug('Answer could not be sent', { error }));
  };

  const where = host.includes(':') ? `[${host}]` : host;
  const { server, stopRenewal } =
    secure === undefined
      ? { server: plainServer(handler), stopRenewal: () => {} }
      : await secureServer(handler, secure.keyPair, logger).catch((error: unknown) => {
          const detail = error instanceof Error ? error.message : String(error);
          const what = `Cannot serve metrics on ${where}:${options.port}: the certificate cannot be used`;
          throw new ServerStartError(`${what}: ${detail}`, { cause: error });
        });
  const port = await bind(server, host, options.port, where).catch((error: unknown) => {
    stopRenewal();
    throw error;
  });
  server.on('error', (error) => logger.error('Problem with the metrics endpoint', { error }));
  logger.info('Serving metrics', { address: `${secure === undefined ? 'http' : 'https'}://${where}:${port}` });

  let closing: Promise<void> | undefined;
  return {
    name: 'server',
    port,
    publish: async (report) => {
      last = report;
    },
    forget: () => {
      last = undefined;
    },
    close: () => {
      stopRenewal();
      closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closing;
    },
  };
}

function hasBody(headers: NodeJS.Dict<string | string[]>): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

async function bind(server: Server, host: string, port: number, where: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(startError(where, port, error)));
    // No host: all addresses of both families, or of IPv4 where the kernel has no IPv6.
    server.listen({ ...(host === '' ? {} : { host }), port, exclusive: true }, resolve);
  });
  server.removeAllListeners('error');
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : port;
}

function startError(where: string, port: number, error: NodeJS.ErrnoException): ServerStartError {
  const what = `Cannot serve metrics on ${where}:${port}`;
  const option = where === LOOPBACK ? '--metrics-port' : '--metrics-bind-address';
  const advice = `choose another with ${option}, or 0 to serve none`;
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `another program listens there; ${advice}`,
    EACCES: `the port may not be used by this user; ${advice}`,
    EADDRNOTAVAIL: `this machine has no such address; ${advice}`,
  };
  return new ServerStartError(`${what}: ${why[error.code ?? ''] ?? error.message}`, { cause: error });
}
