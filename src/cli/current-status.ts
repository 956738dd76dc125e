/** What `status` shows: the report of the daemon that has this host, or a fresh look. */
import type { NodePrep } from '../api/status/status.ts';
import { look, lookWith } from '../app/inspect/look.ts';
import type { Machine } from '../app/machine.ts';
import { readLastGood, type SpecRequest } from '../disk/file-spec-source.ts';
import { readStatusFile } from '../disk/status-file.ts';
import type { LockHolder } from '../host/hand-over/holder.ts';
import { nodePrepFrom } from '../reconcile/report/status.ts';
import type { Io } from './io.ts';
import { warn, warnAboutLedger } from './output/warnings.ts';

/** How the host stands. */
export interface Current {
  readonly nodePrep: NodePrep;
  /** The daemon that has the host, if there is one. */
  readonly holder?: LockHolder;
  /** Equal as long as there is nothing new to show. */
  readonly key: string;
}

/**
 * A status file without a living daemon is only history, so the host is looked at instead. `isFirst` lets warnings be
 * said once.
 */
export async function currentStatus(
  machine: Machine,
  request: SpecRequest,
  { io, isFirst }: { readonly io: Io; readonly isFirst: boolean },
): Promise<Current> {
  const tell = (text: string | undefined) => {
    if (text !== undefined && isFirst) warn(text, io);
  };
  const asked = request.files.length > 0 || request.profile !== undefined;
  const { lockHolder, strangerOn } = await import('../host/hand-over/lock.ts');
  const found = asked ? undefined : await lockHolder(machine);
  if (found === undefined && !asked && isFirst) tell(await strangerOn(machine));
  const holder = found?.command === 'run' ? found : undefined;
  const held = holder === undefined ? {} : { holder };
  if (holder !== undefined) {
    const { nodePrep, problem } = await readStatusFile(machine.host);
    if (nodePrep !== undefined) return { nodePrep, ...held, key: JSON.stringify([nodePrep.status, holder]) };
    tell(problem);
  }
  // A daemon may have been started with a spec of its own; the default files would judge the host by another.
  const accepted = holder === undefined ? undefined : await readLastGood(machine.host);
  const { report, ledger } =
    accepted === undefined ? await look(machine, request, io.signal) : await lookWith(machine, accepted, io.signal);
  if (isFirst) warnAboutLedger(ledger, io);
  const nodePrep = nodePrepFrom(report);
  // A look knows no earlier one, so every condition has changed just now.
  const conditions = nodePrep.status.conditions.map((one) => ({ ...one, lastTransitionTime: '' }));
  return { nodePrep, ...held, key: JSON.stringify([{ ...nodePrep.status, conditions }, holder]) };
}
