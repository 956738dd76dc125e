/** Which value, if any, our own file must set so that the next reboot ends as declared. Pure. */
import type { WantedSysctl } from '../desired.ts';
import { isSatisfied, mergedValue } from '../values/match.ts';
import { liveKey } from '../boot-files/own-files.ts';
import type { PlanContext } from './plan-context.ts';

/**
 * The value for the next reboot; `undefined` when the boot gets it right without us. A limit is
 * never persisted below what another file sets, so that a reboot lowers nothing.
 */
export function bootValue(entry: WantedSysctl, context: PlanContext): string | undefined {
  if (entry.match === 'Exact') return entry.meaning.writable;
  const foreign = context.foreignValue(entry);
  if (foreign !== undefined) return isSatisfied(entry, foreign) ? undefined : mergedValue(entry, foreign);
  if (entry.match === 'Contains') return entry.meaning.writable;
  const original = originalValue(entry.name, context);
  if (original === undefined) return entry.meaning.writable;
  return isSatisfied(entry, original) ? undefined : mergedValue(entry, original);
}

/** The value before NodePrep wrote it for the first time, which without files is what the boot will bring. */
function originalValue(name: string, { memory, observed, own }: PlanContext): string | undefined {
  const known = memory.get(liveKey(name));
  if (known !== undefined) return known.original.state === 'value' ? known.original.value : undefined;
  const live = observed.live.get(name);
  return live?.state === 'value' && !own.has(name) ? live.value : undefined;
}
