/**
 * `bootstrap --service`: the unit that the kubelet is ordered after. The kubelet only *wants* the
 * unit, so a unit that failed would let it start: what `spec.bootstrap.onFailure` says is done by
 * ending (Degrade) or by not ending (Block), and the journal always says which and why.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SpecInvalidError } from '../../api/yaml/errors.ts';
import type { NodePrepSpec } from '../../api/spec/nodeprep.ts';
import { pause } from '../../areas/pause.ts';
import { openSpecKeeper, readSpec, type SpecRequest } from '../../disk/file-spec-source.ts';
import { settled } from '../../disk/settled.ts';
import { readStatusFile, type StatusFile } from '../../disk/status-file.ts';
import { createSpecReader } from '../../disk/watched-spec-source.ts';
import { nameOf } from '../../host/hand-over/holder.ts';
import { HostBusyError } from '../../host/hand-over/lock.ts';
import { exitCodeFrom } from '../../reconcile/loop/converge.ts';
import type { NodeReport } from '../../reconcile/report/node-report.ts';
import { isOnlyLater } from '../../reconcile/report/waiting.ts';
import type { Logger } from '../../telemetry/log/logger.ts';
import { createReportLog } from '../../telemetry/log/report-log.ts';
import { convergeOnce } from './apply-once.ts';
import { hostNameOf, type Machine } from '../machine.ts';
import { requireRoot } from '../privilege.ts';

type OnFailure = NodePrepSpec['bootstrap']['onFailure'];

/** How the unit works. */
export interface ServiceBootstrapOptions {
  /** How long to try before the kubelet may start on a host that is not ready (Degrade). */
  readonly timeoutMs: number;
  readonly logger: Logger;
  /** Pause between tries, default 5 s. */
  readonly retryMs?: number;
}

interface Outcome {
  readonly code: 0 | 1 | 2 | 3;
  readonly onFailure: OnFailure;
  /** The cluster says Block, which the host does not. */
  readonly isOverruled?: boolean;
  /** Empty when the host is ready; with code 0, what the daemon does later. */
  readonly problem: string;
  /** Whether trying again soon may help by itself. */
  readonly transient: boolean;
}

/**
 * Converges, and returns the exit code when the kubelet may start: 0 ready, 3 after a reboot, 2 not,
 * 1 when nothing could be tried. With `Block` it returns only for 0, or when aborted.
 */
export async function bootstrapForService(
  machine: Machine,
  request: SpecRequest,
  options: ServiceBootstrapOptions,
  signal: AbortSignal,
): Promise<0 | 1 | 2 | 3> {
  requireRoot(machine, 'bootstrap --service');
  const { logger, retryMs = 5000 } = options;
  const log = createReportLog(logger);
  const end = machine.clock() + options.timeoutMs;
  let said: string | undefined;
  for (;;) {
    // With Block it goes on after the time, as long at every try.
    const left = end - machine.clock();
    const timeoutMs = left > 0 ? left : options.timeoutMs;
    const outcome = await attempt(machine, request, { timeoutMs, logger, onStep: log.onStep }, signal);
    if (outcome.code === 0) {
      if (outcome.problem === '') logger.info('This host is ready, the kubelet may start');
      else logger.info('The kubelet may start; the daemon does the rest later', { later: outcome.problem });
      return 0;
    }
    if (outcome.onFailure === 'Degrade' && (!outcome.transient || machine.clock() >= end)) {
      const why =
        outcome.isOverruled === true
          ? 'because Block of the NodePrep in the cluster counts only when a spec file of this host says it as well'
          : 'because spec.bootstrap.onFailure is Degrade';
      logger.error(`This host is NOT ready; the kubelet starts anyway, ${why}`, {
        problem: outcome.problem,
        next: 'The daemon goes on trying; "nodeprep status" shows what is missing.',
      });
      return outcome.code;
    }
    if (outcome.onFailure === 'Block' && said !== outcome.problem) {
      logger.error('This host is NOT ready; the kubelet is held back, because spec.bootstrap.onFailure is Block', {
        problem: outcome.problem,
        next:
          outcome.code === 3
            ? 'Reboot this host.'
            : 'Fix what the problem names, it is tried again every few seconds; or set onFailure to Degrade.',
      });
      said = outcome.problem;
    }
    await sleep(retryMs, undefined, { signal });
  }
}

async function attempt(
  machine: Machine,
  request: SpecRequest,
  options: { timeoutMs: number; logger: Logger; onStep: ReturnType<typeof createReportLog>['onStep'] },
  signal: AbortSignal,
): Promise<Outcome> {
  const { logger, onStep, timeoutMs } = options;
  const progress = {
    isBootGate: true,
    timeoutMs,
    onStep,
    onWait: () => undefined,
    onWarning: (message: string) => logger.warn(message),
  };
  try {
    await settled(request, { ...machine, pause: (milliseconds) => pause(milliseconds, signal) });
    const report = await convergeOnce(
      machine,
      progress,
      (keeper) =>
        createSpecReader({
          machine: machine.here,
          host: machine.host,
          keeper,
          request,
          onRefused: (problem) => logger.error('Spec refused, the last good one stays enforced', { problem }),
          onWarning: (problem) => logger.warn('Something in the spec is most likely not meant', { problem }),
        })(),
      signal,
    );
    return outcomeFrom(report);
  } catch (error) {
    signal.throwIfAborted();
    const managed = await outcomeOfDaemon(machine, error, logger);
    if (managed !== undefined) return managed;
    const problem = error instanceof Error ? error.message : String(error);
    // What is wrong with a document stays wrong; a busy host or a file system that is read-only may not.
    const transient = !(error instanceof SpecInvalidError);
    return { code: 1, onFailure: await lastKnownPolicy(machine, request), problem, transient };
  }
}

/**
 * What the status of the running daemon decides: a host that it made ready is ready, and Paused and
 * Audit are obeyed. `undefined` when it decides nothing.
 */
async function outcomeOfDaemon(machine: Machine, error: unknown, logger: Logger): Promise<Outcome | undefined> {
  if (!(error instanceof HostBusyError) || error.holder?.command !== 'run') return undefined;
  const { nodePrep } = await readStatusFile(machine.host).catch((): StatusFile => ({}));
  const ready = nodePrep?.status.conditions.find(({ type }) => type === 'Ready');
  const handsOff = ready?.reason === 'Paused' || ready?.reason === 'Auditing';
  const isLater = ready?.reason === 'AwaitingApproval' || ready?.reason === 'AwaitingConfirmation';
  if (ready?.status !== 'True' && !handsOff && !isLater) return undefined;
  const holder = nameOf(error.holder);
  logger.info(`${holder} has this host already and reports ${ready.reason}`, {}, { holder, reports: ready.reason });
  const problem = handsOff || isLater ? `${ready.reason}: ${ready.message}` : '';
  return { code: handsOff ? 2 : 0, onFailure: 'Degrade', problem, transient: false };
}

function outcomeFrom(report: NodeReport): Outcome {
  const { spec, source } = report.snapshot;
  const { onFailure } = spec.bootstrap;
  const ready = report.conditions.find((condition) => condition.type === 'Ready');
  const problem = `${ready?.reason ?? 'Unknown'}: ${ready?.message ?? 'nothing was reported'}`;
  // Paused and Audit are no failure: there is nothing that the kubelet could wait for.
  const handsOff = ready?.reason === 'Paused' || ready?.reason === 'Auditing';
  if (handsOff) return { code: 2, onFailure: 'Degrade', problem, transient: false };
  if (isOnlyLater(report)) return { code: 0, onFailure, problem, transient: false };
  const isOverruled = onFailure !== 'Block' && source.bootstrap?.onFailure === 'Block';
  const code = exitCodeFrom(report);
  return { code, onFailure, isOverruled, problem: code === 0 ? '' : problem, transient: false };
}

/** A spec that cannot be read now may have been readable at the last boot. */
async function lastKnownPolicy(machine: Machine, request: SpecRequest): Promise<OnFailure> {
  try {
    return (await readSpec(machine.here, machine.host, request)).spec.bootstrap.onFailure;
  } catch {
    const keeper = await openSpecKeeper(machine, await hostNameOf(machine.host), () => undefined).catch(
      () => undefined,
    );
    return keeper?.fallback('')?.spec.bootstrap.onFailure ?? 'Degrade';
  }
}
