/** Which parameters wait for a reboot, and for which it came and did not help. Pure. */
import type { Finding, Memory } from '../../area.ts';
import type { Observed } from '../observe/observe.ts';
import { ineffectiveFinding } from './findings.ts';
import { rebootKey } from './keys.ts';
import { isInForce, type ParameterState } from './states.ts';
import { type BootStep, noteStep, rebootStep } from './steps.ts';

/** What a reboot would do, and what it did not do. */
export interface Reboots {
  readonly steps: readonly BootStep[];
  readonly blocked: readonly Finding[];
}

/**
 * An entry that the next boot has and this one lacks waits for a reboot, since a boot that the ledger has; in another
 * boot than that one it is without effect. A word that is on the line and does nothing needs no second reboot to be
 * called so, unless another word about the same thing waits.
 */
export function rebootsOf(states: readonly ParameterState[], { now }: Observed, memory: Memory): Reboots {
  const steps: BootStep[] = [];
  const blocked: Finding[] = [];
  if (now === undefined) return { steps, blocked };
  const late = states.filter((one) => one.nextBoot === true && !isInForce(one));
  const isRebooted = ({ word }: ParameterState) => {
    const since = memory.get(rebootKey(word))?.wrote.at(-1);
    return since !== undefined && since !== now.bootId;
  };
  const waiting = new Set(
    late.filter((one) => one.thisBoot === false && !isRebooted(one)).map(({ effect }) => effect?.about),
  );
  for (const one of late) {
    const waits = one.thisBoot === false ? !isRebooted(one) : waiting.has(one.effect?.about);
    if (!waits) blocked.push(ineffectiveFinding(one));
    else {
      // What NodePrep writes is recorded with it.
      if (!memory.has(rebootKey(one.word)) && now.bootId !== '') steps.push(noteStep(one, now.bootId));
      steps.push(rebootStep(one));
    }
  }
  return { steps, blocked };
}
