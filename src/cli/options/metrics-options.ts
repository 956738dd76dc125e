/** Options of `run` that say where metrics and health are served; the names are those of controllers in clusters. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Endpoint } from '../../app/daemon/serve-metrics.ts';
import { isLoopback } from '../../telemetry/endpoint/loopback.ts';
import { parsePort } from './options.ts';

/** What was chosen about the endpoint. */
export interface EndpointChoice {
  readonly metricsPort: number;
  readonly metricsBindAddress?: Pick<Endpoint, 'host' | 'port'>;
  readonly metricsSecure?: boolean;
  readonly metricsCertPath?: string;
}

/** Default port of the endpoint. */
const METRICS_PORT = 9752;
const LOOPBACK = '127.0.0.1';

/** Adds `--metrics-port` and what goes with it. */
export function withMetrics(target: Command): Command {
  return target
    .addOption(
      new Option('--metrics-port <port>', 'port of /metrics, /healthz and /readyz on loopback; 0 is off')
        .argParser(parsePort)
        .default(METRICS_PORT),
    )
    .addOption(
      new Option('--metrics-bind-address <address>', 'another address for them, such as ":9753" for all; 0 is off')
        .argParser(parseBindAddress)
        .conflicts('metricsPort'),
    )
    .option(
      '--metrics-secure',
      'serve with TLS, and the metrics only to whom the API server lets read them; always so beyond loopback',
    )
    .option(
      '--metrics-cert-path <directory>',
      'directory with tls.crt and tls.key, which may be renewed (default: a certificate of its own)',
    )
    .hook('preAction', (_, chosen) => {
      const choice = chosen.opts<EndpointChoice & { kube?: boolean }>();
      const { secure, port } = endpointFrom(choice);
      if (secure && port !== 0 && choice.kube !== true) {
        chosen.error("error: metrics beyond loopback need '--kube': the API server decides who may read them");
      }
      if (choice.metricsCertPath !== undefined && !secure) {
        chosen.error("error: option '--metrics-cert-path' needs '--metrics-secure'");
      }
    });
}

/** Where the endpoint is. */
export function endpointFrom(choice: EndpointChoice): Endpoint {
  const { host, port } = choice.metricsBindAddress ?? { host: LOOPBACK, port: choice.metricsPort };
  return {
    host,
    port,
    secure: choice.metricsSecure === true || (port !== 0 && !isLoopback(host)),
    ...(choice.metricsCertPath === undefined ? {} : { certDirectory: choice.metricsCertPath }),
  };
}

/** `:9753`, `10.0.0.1:9753`, `[::1]:9753`, or 0 for off. Throws `InvalidArgumentError`. */
export function parseBindAddress(text: string): Pick<Endpoint, 'host' | 'port'> {
  if (text === '0') return { host: LOOPBACK, port: 0 };
  const match = /^(?:\[([0-9a-f:.%\w]+)\]|([\w.-]*)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65_535) {
    throw new InvalidArgumentError(
      'Expected an address such as ":9753", "10.0.0.1:9753" or "[::1]:9753", or 0 for off.',
    );
  }
  return { host: match[1] ?? match[2] ?? '', port };
}
