/** The one-shot commands that change a host: `bootstrap` and `uninstall`. */
import type { Condition } from '../../api/status/conditions.ts';
import { emptySpec } from '../../api/spec/nodeprep.ts';
import { pause } from '../../areas/pause.ts';
import { CLUSTER_RECORD_PATH } from '../../disk/cluster-record.ts';
import {
  LAST_GOOD_PATH,
  openSpecKeeper,
  readSpec,
  type SpecKeeper,
  type SpecRequest,
} from '../../disk/file-spec-source.ts';
import { settled } from '../../disk/settled.ts';
import { createStatusFileSink, RUN_DIRECTORY, STATUS_PATH, takeOverStatusFile } from '../../disk/status-file.ts';
import { CONTROL_DIRECTORY, CONTROL_SOCKET } from '../../host/hand-over/control.ts';
import { withDeadline } from '../../host/deadline.ts';
import { HostFileError } from '../../host/errors.ts';
import { acquireHostLock, HostBusyError, LOCK_DIRECTORY, lockHolder } from '../../host/hand-over/lock.ts';
import { APPROVAL_PATH, APPROVAL_REQUEST_PATH } from '../../reconcile/loop/approvals.ts';
import { converge } from '../../reconcile/loop/converge.ts';
import { FIGHTS_PATH, RETRY_REQUEST_PATH } from '../../reconcile/loop/fights.ts';
import { createEngine } from '../../reconcile/loop/engine.ts';
import { LEDGER_PATH, openLedger, STATE_DIRECTORY } from '../../reconcile/ledger/ledger.ts';
import type { NodeReport, PassCause, SpecSnapshot } from '../../reconcile/report/node-report.ts';
import type { StepEvent } from '../../reconcile/pass/context.ts';
import { sweepUnfinished } from '../../reconcile/ledger/sweep.ts';
import { hostNameOf, type Machine } from '../machine.ts';
import { requireRoot } from '../privilege.ts';
import { VERSION } from '../version.ts';

/** What a one-shot command tells while it works. */
export interface Progress {
  readonly onStep: (event: StepEvent, cause: PassCause) => void;
  readonly onWait: (report: NodeReport, waitMs: number) => void;
  /** Something that needs no action now but must be known, such as a ledger that was kept aside. */
  readonly onWarning: (message: string) => void;
}

/** Converges to the declared spec and stops. Throws `NotRootError`, `HostBusyError`, `SpecInvalidError`, `HostFileError`. */
export async function bootstrap(
  machine: Machine,
  request: SpecRequest,
  options: { readonly timeoutMs: number } & Progress,
  signal: AbortSignal,
): Promise<NodeReport> {
  requireRoot(machine, 'bootstrap');
  await settled(request, { ...machine, pause: (milliseconds) => pause(milliseconds, signal) });
  // Before the lock and before any write: a broken spec must leave the host untouched.
  const declared = await readSpec(machine.here, machine.host, request);
  return convergeOnce(machine, options, (keeper) => keeper.accept(declared), signal);
}

/** One convergence under the lock of the host, with the snapshot that `pick` makes once the records are open. */
export async function convergeOnce(
  machine: Machine,
  options: { readonly timeoutMs: number; readonly isBootGate?: boolean } & Progress,
  pick: (keeper: SpecKeeper) => Promise<SpecSnapshot>,
  signal: AbortSignal,
): Promise<NodeReport> {
  return locked(machine, 'bootstrap', options, async () => {
    await sweepUnfinished(machine.host, machine.areas);
    const keeper = await openSpecKeeper(machine, await hostNameOf(machine.host), options.onWarning);
    if (keeper.warning !== undefined) options.onWarning(keeper.warning);
    const snapshot = await pick(keeper);
    const status = await takeOverStatusFile(machine.host, machine.now());
    if (status.warning !== undefined) options.onWarning(status.warning);
    const report = await convergeWithin(machine, options, status.conditions, snapshot, signal);
    await publishStatus(machine, report, options, signal);
    return report;
  });
}

/** The work is done by now: a full /run must not make an error of it. */
async function publishStatus(
  machine: Machine,
  report: NodeReport,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  try {
    await createStatusFileSink(machine.host).publish(report, signal);
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    progress.onWarning(error.message);
  }
}

/** Takes everything back that can be taken back, then removes NodePrep's own records. */
export async function uninstall(
  machine: Machine,
  options: { readonly timeoutMs: number } & Progress,
  signal: AbortSignal,
): Promise<NodeReport> {
  requireRoot(machine, 'uninstall');
  const report = await locked(machine, 'uninstall', options, async () => {
    await sweepUnfinished(machine.host, machine.areas);
    const hadRecord = (await machine.host.stat(LEDGER_PATH)) !== undefined;
    const snapshot = { name: await hostNameOf(machine.host), generation: 1, spec: emptySpec('Restore'), source: {} };
    const report = await convergeWithin(machine, options, [], snapshot, signal);
    // The originals are needed as long as something is not back.
    if (isTakenBack(report)) await removeRecords(machine, options);
    const found = report.areas.some((area) => area.applied.length > 0);
    if (found && !hadRecord) options.onWarning(NO_RECORD);
    return report;
  });
  // The lock is in one of them.
  if (isTakenBack(report)) await removeDirectories(machine, options, [LOCK_DIRECTORY, RUN_DIRECTORY]);
  return report;
}

/** Whether nothing of ours is left on the host; what waits for a reboot is taken back then. */
export function isTakenBack(report: NodeReport): boolean {
  return report.areas.every((area) => area.remaining.length === 0 && area.failures.length === 0);
}

/**
 * Throws `HostBusyError` while the agent of a cluster manages the host: it would undo an uninstall at once.
 */
export async function assertNotOfCluster(machine: Machine): Promise<void> {
  const holder = await lockHolder(machine);
  if (holder?.rank === 'cluster') throw new HostBusyError(holder);
}

async function locked<T>(machine: Machine, command: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  const lock = await acquireHostLock({ ...machine, holder: { pid: process.pid, version: VERSION, command } });
  if (lock.stranger !== undefined) progress.onWarning(lock.stranger);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** The time bounds a round as well: it ends between two steps, and no command outlasts it. */
async function convergeWithin(
  machine: Machine,
  options: { readonly timeoutMs: number; readonly isBootGate?: boolean } & Progress,
  previous: readonly Condition[],
  snapshot: SpecSnapshot,
  signal: AbortSignal,
): Promise<NodeReport> {
  const { clock } = machine;
  const { onStep, onWarning: onProblem, isBootGate = false } = options;
  const end = clock() + options.timeoutMs;
  const host = withDeadline(machine.host, () => end - clock());
  const ledger = await openLedger(host, machine.now);
  if (ledger.warning !== undefined) onProblem(ledger.warning);
  const isOver = () => clock() >= end;
  const engine = createEngine({ ...machine, host, ledger, isOver, onStep, onProblem, previous, isBootGate });
  return converge(engine, snapshot, { ...options, clock }, signal);
}

const NO_RECORD =
  `There was no record of originals (${LEDGER_PATH}), so only what carries NodePrep's marks was taken back. Units that were ` +
  'masked cannot be told from those masked by other programs: "find /etc/systemd/system -lname /dev/null" lists them.';

/** What cannot be removed is said and left: everything that mattered is back by now. */
async function removeRecords(machine: Machine, progress: Progress): Promise<void> {
  const { host } = machine;
  // The socket is one that a killed daemon left: this process holds the host now.
  for (const path of [
    APPROVAL_PATH,
    APPROVAL_REQUEST_PATH,
    FIGHTS_PATH,
    RETRY_REQUEST_PATH,
    CONTROL_SOCKET,
    STATUS_PATH,
    LAST_GOOD_PATH,
    CLUSTER_RECORD_PATH,
    LEDGER_PATH,
  ]) {
    await host.removeFile(path).catch((error: unknown) => progress.onWarning(messageOf(error)));
  }
  await removeDirectories(machine, progress, [CONTROL_DIRECTORY, STATE_DIRECTORY]);
}

async function removeDirectories({ host }: Machine, progress: Progress, directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    await host.removeDirectory(directory).catch((error: unknown) => progress.onWarning(messageOf(error)));
    for (const name of (await host.listDirectory(directory)) ?? []) {
      progress.onWarning(
        `${directory}/${name} is left: it was kept aside, or it is not NodePrep's. Delete it when you need it no more.`,
      );
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
