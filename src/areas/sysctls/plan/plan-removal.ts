/** What becomes of parameters that are no longer declared. Our file loses them in any case. Pure. */
import type { Finding, Remembered } from '../../area.ts';
import { hazardOf } from '../values/hazards.ts';
import { keyPathFrom, trustedName } from '../values/key-path.ts';
import { isEqual } from '../values/match.ts';
import { CONF_PATH, fileKey, liveKey, rememberedNames } from '../boot-files/own-files.ts';
import type { PlanContext } from './plan-context.ts';
import { isForbiddenRead } from './plan-entry.ts';
import type { RestoreStep } from './steps.ts';

/** The live side of removal. */
export interface Removal {
  readonly steps: readonly RestoreStep[];
  readonly left: readonly Finding[];
  /** Ledger keys that need nothing further once our file is without the name. */
  readonly spent: readonly string[];
  /** Ledger keys of values of ours that stay until the next reboot. */
  readonly leaves: readonly string[];
}

/** Plans the live side for everything that we remember or still persist and that is declared no more. */
export function planRemoval(context: PlanContext): Removal {
  const { desired, memory, own } = context;
  const declared = new Set(desired.entries.map((entry) => entry.name));
  const steps: RestoreStep[] = [];
  const left: Finding[] = [];
  const spent: string[] = [];
  const leaves: string[] = [];
  for (const name of new Set([...rememberedNames(memory), ...own.keys()])) {
    if (declared.has(name)) continue;
    const fate = trustedName(name) === name ? fateOf(name, context) : {};
    if (fate.step !== undefined) {
      steps.push(fate.step);
      continue;
    }
    if (fate.why !== undefined) left.push(leftFinding(name, fate.why));
    if (memory.has(liveKey(name))) (fate.isOurs === true ? leaves : spent).push(liveKey(name));
  }
  return { steps, left, spent, leaves };
}

interface Fate {
  readonly step?: RestoreStep;
  /** Why the live value stays although something of us is in it. */
  readonly why?: string;
  /** Whether what stays is ours, so that its original still counts. */
  readonly isOurs?: boolean;
}

function fateOf(name: string, { desired, memory, observed, own }: PlanContext): Fate {
  const known = memory.get(liveKey(name));
  if (!observed.hasLive || observed.kernel !== 'running' || known?.wrote.length === 0) return {};
  const live = observed.live.get(name);
  const isRestoring = desired.deletionPolicy === 'Restore';
  if (known === undefined) {
    return isRestoring ? { why: 'its original value is not known, because the record of originals was lost' } : {};
  }
  // EIO is the answer of a parameter that was never set: the write was refused, so nothing of us is in it.
  if (live?.state === 'absent' || (live?.state === 'unreadable' && !isForbiddenRead(live))) return {};
  const { original } = known;
  if (original.state === 'absent') {
    return isRestoring
      ? { why: 'the kernel had no such parameter before NodePrep, so there is no original value' }
      : {};
  }
  if (original.state !== 'value') return isRestoring ? { why: original.why } : {};
  if (live?.state === 'value' && isEqual(live.value, original.value)) return {};
  const was = `its original value is "${original.value}"`;
  const isOurs = live?.state !== 'value' || known.wrote.some((wrote) => isEqual(wrote, live.value));
  if (!isRestoring) return { why: `deletionPolicy is Keep; ${was}`, isOurs };
  const now = live?.state === 'value' ? live.value : known.wrote.at(-1);
  const hazard = hazardOf(keyPathFrom(name), now, original.value);
  if (hazard !== undefined) return { why: `${hazard}; ${was}`, isOurs };
  if (live?.state === 'unreadable') return { why: `it cannot be read; ${was}`, isOurs };
  if (live?.state === 'value' && !isOurs) {
    return {
      why: `another program or a person has changed it to "${live.value}" since NodePrep wrote "${known.wrote.at(-1)}"; ${was}`,
    };
  }
  const step = restoreStep(name, known, original.value, live?.value);
  return { step: own.has(name) ? { ...step, needs: fileKey(CONF_PATH) } : step };
}

function restoreStep(name: string, known: Remembered, original: string, live: string | undefined): RestoreStep {
  const from = live ?? known.wrote.at(-1);
  return {
    kind: 'restore',
    name,
    original,
    wrote: known.wrote,
    chain: liveKey(name),
    changes: [
      {
        action: 'update',
        target: name,
        ...(from === undefined ? {} : { from }),
        to: original,
        scope: 'live',
        disruption: 'None',
      },
    ],
    forgets: [liveKey(name)],
  };
}

function leftFinding(name: string, why: string): Finding {
  return {
    target: name,
    reason: 'NextBoot',
    message: `The live value of "${name}" stays until the next reboot: ${why}`,
    required: false,
  };
}
