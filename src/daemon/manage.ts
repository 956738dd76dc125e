/**
 * The time in which a host is ours, from taking it to giving it back. Everything that is known of
 * the host is read anew at the beginning, because somebody else may have written meanwhile.
 */
import { openSpecKeeper, type SpecRequest } from '../bootstrap/file-spec-source.ts';
import { createStatusFileSink, takeOverStatusFile } from '../bootstrap/status-file.ts';
import { createWatchedSpecSource } from '../bootstrap/watched-spec-source.ts';
import { createHostWatcher } from '../host/watcher.ts';
import { createEngine } from '../reconcile/engine.ts';
import { openLedger } from '../reconcile/ledger.ts';
import { runLoop } from '../reconcile/loop.ts';
import type { ReportSink } from '../reconcile/node-report.ts';
import { sweepUnfinished } from '../reconcile/sweep.ts';
import { Trigger } from '../reconcile/trigger.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createReportLog } from '../telemetry/report-log.ts';
import { hostNameOf, type Machine } from './machine.ts';

/** How a host is managed. */
export interface ManageOptions {
  readonly request: SpecRequest;
  readonly resyncMs: number;
  readonly logger: Logger;
  /** Calls back when the spec is to be read again (SIGHUP); returns how to stop listening. */
  readonly onReload: (reload: () => void) => () => void;
  /** Where reports go besides the status file and the log. */
  readonly sinks: readonly ReportSink[];
  /** Somebody else is to have the host: the round that runs is finished, no other is begun. */
  readonly retire: AbortSignal;
}

/** Keeps the host as declared until aborted or retired. Throws when there is no spec, not even a last good one. */
export async function manageHost(machine: Machine, options: ManageOptions, signal: AbortSignal): Promise<void> {
  const { logger } = options;
  await using stack = new AsyncDisposableStack();
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
  const log = createReportLog(logger);
  const engine = createEngine({ ...machine, ledger, onStep: log.onStep, previous: status.conditions });
  const source = createWatchedSpecSource({
    machine: machine.here,
    host: machine.host,
    keeper,
    request: options.request,
    watcher: createHostWatcher(options.request.files.length > 0 ? { root: '/' } : machine),
    onRefused: (message) => logger.error('Spec refused, the last good one stays enforced', { problem: message }),
  });
  await runLoop(
    {
      ...machine,
      source,
      engine,
      watcher: createHostWatcher(machine),
      sinks: [createStatusFileSink(machine.host), ...options.sinks, log],
      trigger,
      random: Math.random,
      resyncMs: options.resyncMs,
      retire: options.retire,
      onError: (what, error) => logger.error(`Problem while ${what}`, { error }),
    },
    signal,
  );
}
