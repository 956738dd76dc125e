/** Plans what happens to the live side of entries that are no longer declared. Pure. */
import type { Memory } from '../../area.ts';
import type { Desired } from '../desired.ts';
import type { Observed } from '../observe/observe.ts';
import { isSameParameter, kernelParameter } from '../parameters.ts';
import { liveKey, thingOf } from './own-files.ts';
import { type ParameterStep, parameterStep } from './steps.ts';

/** Parameters to set back, and what the ledger need not remember once our files are written. */
export interface Removal {
  readonly restores: readonly ParameterStep[];
  readonly spent: readonly string[];
  /** Ledger keys of what stays as we made it until the next reboot. */
  readonly leaves: readonly string[];
}

/**
 * A parameter returns to its original only under `Restore`, and only while it still has a value that
 * we wrote. Whatever else was live stays as it is.
 */
export function planRemoval(desired: Desired, observed: Observed, memory: Memory): Removal {
  const kept = new Set<string>();
  for (const { name, parameters } of desired.entries) {
    kept.add(liveKey(name));
    for (const parameter of Object.keys(parameters)) kept.add(liveKey(name, parameter));
  }
  const gone = [...memory.keys()].filter((key) => key.startsWith('live:') && !kept.has(key));
  const restores = desired.deletionPolicy === 'Restore' ? gone.flatMap((key) => restoreOf(key, observed, memory)) : [];
  const restored = new Set(restores.flatMap((step) => step.forgets ?? []));
  const rest = gone.filter((key) => !restored.has(key));
  const leaves = rest.filter((key) => isLeftLive(key, observed, memory));
  return { restores, spent: rest.filter((key) => !leaves.includes(key)), leaves };
}

/** Whether something of us is in the kernel still: a module that we loaded, or a value that we wrote. */
function isLeftLive(key: string, observed: Observed, memory: Memory): boolean {
  const { name = '', parameter } = thingOf(key) ?? {};
  const remembered = memory.get(key);
  const seen = observed.modules.get(name);
  if (observed.kernel !== 'running' || remembered === undefined || seen?.presence !== 'loaded') return false;
  if (parameter === undefined) return remembered.original.state === 'absent';
  const shown = seen.parameters.get(kernelParameter(parameter))?.value;
  if (shown === undefined || remembered.original.state !== 'value' || remembered.original.value === shown) return false;
  return remembered.wrote.some((value) => isSameParameter(name, parameter, value, shown));
}

function restoreOf(key: string, observed: Observed, memory: Memory): ParameterStep[] {
  const { name = '', parameter } = thingOf(key) ?? {};
  const remembered = memory.get(key);
  const seen = observed.modules.get(name);
  const shown = parameter === undefined ? undefined : seen?.parameters.get(kernelParameter(parameter));
  if (parameter === undefined || seen === undefined || shown === undefined || !shown.writable) return [];
  if (remembered?.original.state !== 'value' || remembered.original.value === shown.value) return [];
  if (!remembered.wrote.some((value) => isSameParameter(name, parameter, value, shown.value))) return [];
  const drift = { parameter, from: shown.value, to: remembered.original.value, writable: true };
  const { memos: _, ...step } = parameterStep(name, seen.realName, drift);
  return [{ ...step, forgets: [key] }];
}
