/**
 * Opens the endpoint of a daemon, and keeps trying while it cannot be opened: a port that is taken
 * or a certificate that is not there yet costs the metrics for a while, which an alert notices; it
 * must not cost the node its care.
 */
import type { ApiClient } from '../../kubernetes/client.ts';
import type { NodeReport } from '../../reconcile/report/node-report.ts';
import { keyPairIn, ownKeyPair } from '../../telemetry/endpoint/key-pairs.ts';
import type { Logger } from '../../telemetry/log/logger.ts';
import {
  type ServerOptions,
  ServerStartError,
  startServer,
  type TelemetryServer,
} from '../../telemetry/endpoint/server.ts';
import type { Machine } from '../machine.ts';

/** Where metrics and health are served, and to whom. */
export interface Endpoint {
  /** Empty for all addresses of the machine. */
  readonly host: string;
  /** 0 switches them off. */
  readonly port: number;
  /** With TLS, and the metrics only to whom the API server admits. */
  readonly secure: boolean;
  /** Directory with tls.crt and tls.key; absent means a certificate of the agent's own. */
  readonly certDirectory?: string;
}

/** What the endpoint is opened with. */
export interface EndpointParts extends Pick<ServerOptions, 'metrics' | 'standby'> {
  readonly machine: Pick<Machine, 'here' | 'clock' | 'now'>;
  readonly logger: Logger;
  /** Names of this machine, for a certificate of its own. */
  readonly names: readonly string[];
  /** The API server; only a secure endpoint asks it anything. */
  readonly client?: ApiClient;
}

const AGAIN_MS = 30_000;

/** Serves as soon as that is possible; never throws for a port or a certificate. */
export async function serveMetrics(endpoint: Endpoint, parts: EndpointParts): Promise<TelemetryServer> {
  const { logger } = parts;
  const options = await serverOptions(endpoint, parts);
  let server: TelemetryServer | undefined;
  let last: readonly [NodeReport, AbortSignal] | undefined;
  let problem: string | undefined;
  let again: NodeJS.Timeout | undefined;
  let closed = false;

  const open = async (): Promise<void> => {
    try {
      const opened = await startServer(options);
      if (closed) return await opened.close();
      server = opened;
      if (last !== undefined) await server.publish(...last);
    } catch (error) {
      if (!(error instanceof ServerStartError)) throw error;
      if (error.message !== problem) {
        logger.error('Metrics and health are not served; this is tried again', { problem: error.message });
      }
      problem = error.message;
      if (closed) return;
      again = setTimeout(() => void open(), AGAIN_MS);
      again.unref();
    }
  };
  await open();
  return {
    name: 'server',
    get port() {
      return server?.port ?? 0;
    },
    publish: async (report, signal) => {
      last = [report, signal];
      await server?.publish(report, signal);
    },
    forget: () => {
      last = undefined;
      server?.forget();
    },
    close: async () => {
      closed = true;
      clearTimeout(again);
      await server?.close();
    },
  };
}

async function serverOptions(endpoint: Endpoint, parts: EndpointParts): Promise<ServerOptions> {
  const { host, port, secure, certDirectory } = endpoint;
  const { machine, names, client, metrics, standby, logger } = parts;
  const plain = { host, port, metrics, logger, ...(standby === undefined ? {} : { standby }) };
  if (!secure || client === undefined) return plain;
  const { createMetricsAccess } = await import('../../kubernetes/access/metrics-access.ts');
  return {
    ...plain,
    secure: {
      keyPair: certDirectory === undefined ? ownKeyPair(names, machine.now) : keyPairIn(machine.here, certDirectory),
      authorizer: createMetricsAccess({ client, clock: machine.clock }),
    },
  };
}
