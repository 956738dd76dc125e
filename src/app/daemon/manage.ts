/**
 * One turn with the host, from taking it to handing it over. Everything known of the host is read
 * again at the start, because another agent may have changed it meanwhile.
 */
import { openSpecKeeper, type SpecKeeper, type SpecRequest } from '../../disk/file-spec-source.ts';
import { createStatusFileSink, STATUS_PATH, takeOverStatusFile } from '../../disk/status-file.ts';
import { createWatchedSpecSource } from '../../disk/watched-spec-source.ts';
import { createHostWatcher } from '../../host/watch/watcher.ts';
import type { ApiClient } from '../../kubernetes/client.ts';
import { createEngine } from '../../reconcile/loop/engine.ts';
import { createFightRecord } from '../../reconcile/loop/fights.ts';
import { openLedger } from '../../reconcile/ledger/ledger.ts';
import { runLoop } from '../../reconcile/loop/loop.ts';
import type { ReportSink, SpecSource } from '../../reconcile/report/node-report.ts';
import { sweepUnfinished } from '../../reconcile/ledger/sweep.ts';
import { Trigger } from '../../reconcile/loop/trigger.ts';
import type { ClusterMetrics } from '../../telemetry/metrics/cluster-metrics.ts';
import type { Logger } from '../../telemetry/log/logger.ts';
import { createReportLog } from '../../telemetry/log/report-log.ts';
import type { Cluster, ClusterOptions } from './cluster.ts';
import { factsOf } from '../inspect/facts.ts';
import { hostNameOf, type Machine } from '../machine.ts';

/** How a host is managed. */
export interface ManageOptions {
  readonly request: SpecRequest;
  readonly resyncMs: number;
  readonly logger: Logger;
  /** Calls back when the spec is to be read again (SIGHUP); returns how to stop listening. */
  readonly onReload: (reload: () => void) => () => void;
  /** Where reports go besides the status file and the log. */
  readonly sinks: readonly ReportSink[];
  /** The cluster whose NodePrep is followed; absent means the files of the host. */
  readonly cluster?: ClusterOptions;
  /** The connection to its API server. */
  readonly client?: ApiClient;
  /** Observes the exchanges with the API server. */
  readonly observer: () => ClusterMetrics;
  /** The host is to be handed over: the running round is finished, no other is begun. */
  readonly retire: AbortSignal;
}

/** Keeps the host as declared until aborted or retired. Throws when there is no spec, not even a last good one. */
export async function manageHost(machine: Machine, options: ManageOptions, signal: AbortSignal): Promise<void> {
  const { logger } = options;
  await using stack = new AsyncDisposableStack();
  await sweepUnfinished(machine.host, machine.areas);
  const ledger = await openLedger(machine.host, machine.now);
  const keeper = await openSpecKeeper(machine, await hostNameOf(machine.host), (message) =>
    logger.warn('Record could not be written', { problem: message }),
  );
  const status = await takeOverStatusFile(machine.host, machine.now());
  for (const warning of [ledger.warning, keeper.warning, status.warning])
    if (warning !== undefined) logger.warn(warning);

  const trigger = new Trigger(machine.clock);
  const log = createReportLog(logger);
  const onProblem = (problem: string) => logger.warn('Approvals cannot be used', { problem });
  const engine = createEngine({
    ...machine,
    ledger,
    onStep: log.onStep,
    previous: status.conditions,
    facts: () => factsOf(machine.host, machine.areas),
    onProblem,
    fights: createFightRecord({
      ...machine,
      onProblem: (problem) => logger.warn('The record of fights cannot be used', { problem }),
    }),
  });
  const reload = () => {
    engine.forgive();
    trigger.fire('spec');
  };
  stack.defer(options.onReload(reload));
  const cluster = await join(machine, options);
  if (cluster !== undefined) stack.defer(cluster.start(signal));
  const statusFile = createStatusFileSink(machine.host);
  const onLost = (what: string) => (error: unknown) => logger.error(`Problem while ${what}`, { error });
  const statusWatcher = createHostWatcher(machine);
  stack.defer(() => statusWatcher.close());
  await statusWatcher
    .watch([{ path: STATUS_PATH, by: 'event' }], () => void statusFile.renew().catch(onLost('publishing')))
    .catch(onLost('watching the status file'));
  const source = cluster?.source ?? specFromFiles(machine, options, keeper);
  await runLoop(
    {
      ...machine,
      source,
      engine,
      watcher: createHostWatcher(machine),
      sinks: [statusFile, ...options.sinks, log, ...(cluster?.sinks ?? [])],
      trigger,
      random: Math.random,
      resyncMs: options.resyncMs,
      retire: options.retire,
      onError: (what, error) => logger.error(`Problem while ${what}`, { error }),
    },
    signal,
  );
}

/** What `run --kube` adds; loaded only then. */
async function join(machine: Machine, options: ManageOptions): Promise<Cluster | undefined> {
  const { cluster, client, request, logger } = options;
  if (cluster === undefined || client === undefined) return undefined;
  const { joinCluster } = await import('./cluster.ts');
  return joinCluster({ machine, request, logger, observer: options.observer(), client }, cluster);
}

function specFromFiles(machine: Machine, { request, logger }: ManageOptions, keeper: SpecKeeper): SpecSource {
  return createWatchedSpecSource({
    clock: machine.clock,
    onHeld: () =>
      logger.info('The spec files say less than before; they are read again when nothing has changed for 3 s'),
    machine: machine.here,
    host: machine.host,
    keeper,
    request,
    watcher: createHostWatcher(request.files.length > 0 ? { root: '/' } : machine),
    onRefused: (message) => logger.error('Spec refused, the last good one stays enforced', { problem: message }),
    onWarning: (message) => logger.warn('Something in the spec is most likely not meant', { problem: message }),
  });
}
