/**
 * /metrics, /healthz and /readyz on loopback. Nothing else is served, nothing can be changed, and
 * a web page in a browser of this machine cannot reach it under a name of its own (DNS rebinding).
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { NodeReport, ReportSink } from '../reconcile/node-report.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** What the endpoint serves and where. */
export interface ServerOptions {
  /** 0 serves nothing. */
  readonly port: number;
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>;
  readonly logger: Logger;
}

/** The endpoint; as a sink it learns whether the host is ready. */
export interface TelemetryServer extends ReportSink {
  /** The port that is listened on; 0 when nothing is served. */
  readonly port: number;
  /** Stops listening and ends open connections at once. */
  readonly close: () => Promise<void>;
}

/** The endpoint could not be opened; the message says why and how to go on without it. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError';
}

const LOOPBACK = '127.0.0.1';
const LOOPBACK_HOST = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?$/i;
/** Scrapers and probes need one connection each. */
const MAX_CONNECTIONS = 32;
const TIMEOUT_MS = 5000;

interface Answer {
  readonly code: number;
  readonly text: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts serving on 127.0.0.1, or gives an endpoint that serves nothing when the port is 0. */
export async function startServer(options: ServerOptions): Promise<TelemetryServer> {
  if (options.port === 0) return { name: 'server', port: 0, publish: async () => {}, close: async () => {} };
  return listen(options);
}

/** As `startServer`, but port 0 takes any free port. */
export async function listen(options: ServerOptions): Promise<TelemetryServer> {
  const { metrics, logger } = options;
  let last: NodeReport | undefined;
  const routes: Readonly<Record<string, () => Promise<Answer>>> = {
    '/metrics': async () => ({ code: 200, text: await metrics.render(), contentType: metrics.contentType }),
    '/healthz': async () => ({ code: 200, text: 'ok\n' }),
    '/readyz': async () => readiness(last),
  };
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    if (!isLoopbackHost(request.headers.host)) {
      return { code: 403, text: 'Only served under a loopback address: use http://127.0.0.1.\n' };
    }
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route === undefined) return { code: 404, text: 'Not found. There are /metrics, /healthz and /readyz.\n' };
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { code: 405, text: 'Only GET and HEAD.\n', headers: { allow: 'GET, HEAD' } };
    }
    return route();
  };

  // The import of node:http takes 33 ms as an ES module, and commands that serve nothing must not pay it.
  const http = process.getBuiltinModule('node:http');
  const server = http.createServer(
    {
      maxHeaderSize: 8192,
      headersTimeout: TIMEOUT_MS,
      requestTimeout: TIMEOUT_MS,
      keepAliveTimeout: TIMEOUT_MS,
    },
    (request, response) => {
      // A body has no meaning here: it is not read, and the connection ends with the answer.
      if (hasBody(request)) response.shouldKeepAlive = false;
      answer(request)
        .catch((error: unknown): Answer => {
          logger.error('Request could not be answered', { path: request.url, error });
          return { code: 500, text: 'Internal error; the log of nodeprep says more.\n' };
        })
        .then((result) => send(request, response, result))
        .catch((error: unknown) => logger.debug('Answer could not be sent', { error }));
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  const port = await bind(server, options.port);
  server.on('error', (error) => logger.error('Problem with the metrics endpoint', { error }));
  logger.info('Serving metrics', { address: `http://${LOOPBACK}:${port}` });

  let closing: Promise<void> | undefined;
  return {
    name: 'server',
    port,
    publish: async (report) => {
      last = report;
    },
    close: () => {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closing;
    },
  };
}

/** Without a Host header it is no browser; HTTP/1.1 requires one, and Node answers 400 itself. */
function isLoopbackHost(host: string | undefined): boolean {
  return host === undefined || LOOPBACK_HOST.test(host);
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0';
}

function readiness(report: NodeReport | undefined): Answer {
  const ready = report?.conditions.find((condition) => condition.type === 'Ready');
  if (ready === undefined) return { code: 503, text: 'not ready: Bootstrapping: the first pass has not ended yet\n' };
  if (ready.status === 'True') return { code: 200, text: 'ready\n' };
  return { code: 503, text: `not ready: ${ready.reason}: ${ready.message}\n` };
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const body = Buffer.from(answer.text, 'utf8');
  response.writeHead(answer.code, {
    'content-type': answer.contentType ?? 'text/plain; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...answer.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function bind(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(startError(port, error)));
    server.listen({ host: LOOPBACK, port, exclusive: true }, resolve);
  });
  server.removeAllListeners('error');
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : port;
}

function startError(port: number, error: NodeJS.ErrnoException): ServerStartError {
  const where = `Cannot serve metrics on ${LOOPBACK}:${port}`;
  const advice = 'choose another with --metrics-port, or 0 to serve none';
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `another program listens there; ${advice}`,
    EACCES: `the port may not be used by this user; ${advice}`,
  };
  return new ServerStartError(`${where}: ${why[error.code ?? ''] ?? error.message}`, { cause: error });
}
