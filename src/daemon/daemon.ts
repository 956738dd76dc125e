/** The composition root of the daemon: builds everything, starts it, stops it in order. */
import { createWatchedSpecSource } from '../bootstrap/watched-spec-source.ts';
import { openSpecKeeper, type SpecRequest } from '../bootstrap/file-spec-source.ts';
import { createStatusFileSink, takeOverStatusFile } from '../bootstrap/status-file.ts';
import { acquireHostLock } from '../host/lock.ts';
import { createHostWatcher } from '../host/watcher.ts';
import { createEngine } from '../reconcile/engine.ts';
import { openLedger } from '../reconcile/ledger.ts';
import { runLoop } from '../reconcile/loop.ts';
import { sweepUnfinished } from '../reconcile/sweep.ts';
import { Trigger } from '../reconcile/trigger.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { createReportLog } from '../telemetry/report-log.ts';
import { ServerStartError, startServer, type TelemetryServer } from '../telemetry/server.ts';
import { swapBytesOf } from '../telemetry/swap-bytes.ts';
import { hostNameOf, type Machine } from './machine.ts';
import { requireRoot } from './privilege.ts';
import { VERSION } from './version.ts';

/** How the daemon runs. */
export interface DaemonOptions {
  readonly request: SpecRequest;
  /** Port of /metrics, /healthz and /readyz on loopback; 0 switches them off. */
  readonly metricsPort: number;
  readonly resyncMs: number;
  readonly logger: Logger;
  /** Calls back when the spec is to be read again (SIGHUP); returns how to stop listening. */
  readonly onReload: (reload: () => void) => () => void;
}

/**
 * Keeps the host as declared until aborted. Throws when it cannot start: `NotRootError`,
 * `HostBusyError`, or a broken spec without a last good one.
 */
export async function runDaemon(machine: Machine, options: DaemonOptions, signal: AbortSignal): Promise<void> {
  const { logger } = options;
  requireRoot(machine, 'run');
  await using stack = new AsyncDisposableStack();
  const holder = { pid: process.pid, version: VERSION, command: 'run' };
  const lock = await acquireHostLock({ ...machine, holder });
  stack.defer(() => lock.release());

  await sweepUnfinished(machine.host);
  const ledger = await openLedger(machine.host, machine.now);
  const keeper = await openSpecKeeper(machine, await hostNameOf(machine.host), (message) =>
    logger.warn('Record could not be written', { problem: message }),
  );
  const status = await takeOverStatusFile(machine.host, machine.now());
  for (const warning of [ledger.warning, keeper.warning, status.warning])
    if (warning !== undefined) logger.warn(warning);

  const trigger = new Trigger(machine.clock);
  stack.defer(options.onReload(() => trigger.fire('spec')));
  const metrics = createMetrics({ version: VERSION, swapBytes: swapBytesOf(machine.host) });
  const log = createReportLog(logger);
  const server = await serve(options, metrics);
  stack.defer(() => server.close());
  const engine = createEngine({
    ...machine,
    ledger,
    onStep: log.onStep,
    previous: status.conditions,
  });
  const source = createWatchedSpecSource({
    machine: machine.here,
    host: machine.host,
    keeper,
    request: options.request,
    watcher: createHostWatcher(options.request.files.length > 0 ? { root: '/' } : machine),
    onRefused: (message) => logger.error('Spec refused, the last good one stays enforced', { problem: message }),
  });

  logger.info('NodePrep started', { version: VERSION, root: machine.root, kernel: machine.host.kernel });
  await runLoop(
    {
      ...machine,
      source,
      engine,
      watcher: createHostWatcher(machine),
      sinks: [createStatusFileSink(machine.host), metrics, server, log],
      trigger,
      random: Math.random,
      resyncMs: options.resyncMs,
      onError: (what, error) => logger.error(`Problem while ${what}`, { error }),
    },
    signal,
  );
  logger.info('NodePrep stopped', { version: VERSION });
}

/** A port that is taken costs the metrics, which an alert notices; it must not cost the node its care. */
async function serve({ metricsPort, logger }: DaemonOptions, metrics: Metrics): Promise<TelemetryServer> {
  try {
    return await startServer({ port: metricsPort, metrics, logger });
  } catch (error) {
    if (!(error instanceof ServerStartError)) throw error;
    logger.error('Metrics and health are not served until the daemon is started again', { problem: error.message });
    return startServer({ port: 0, metrics, logger });
  }
}
