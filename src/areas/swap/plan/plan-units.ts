/** The steps that mask, unmask and reload. Pure. */
import type { Memo, Memory } from '../../area.ts';
import type { Observed } from '../observe/observe.ts';
import { DROP_IN, isOwnDropIn, maskKey, RELOAD_KEY } from './own-files.ts';
import { addDropInStep, maskStep, releaseUnitStep, type UnitStep } from './steps.ts';
import type { WantedUnits } from './wanted.ts';

/** Masks what is not masked yet; by drop-in where the administrator's own unit is in the way. */
export function planMasks(observed: Observed, wanted: WantedUnits): readonly UnitStep[] {
  const masks = [...wanted.masks]
    .filter((unit) => observed.units.get(unit)?.etc !== 'masked')
    .map((unit) => maskStep(unit, observed.units.get(unit)?.origins[0]));
  const dropIns = [...wanted.dropIns]
    .filter((unit) => observed.units.get(unit)?.dropIn !== DROP_IN)
    .map((unit) => addDropInStep(unit, observed.units.get(unit)?.origins[0] ?? unit));
  return [...masks, ...dropIns];
}

/** Takes away every mask and drop-in of ours that is not wanted any more. */
export function planReleases(observed: Observed, wanted: WantedUnits, memory: Memory): readonly UnitStep[] {
  const memos = reloadMemos(observed);
  return [...observed.units.values()]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, etc, dropIn }) => [
      ...(etc === 'masked' && memory.has(maskKey(name)) && !wanted.masks.has(name)
        ? [releaseUnitStep('unmask', name, memos)]
        : []),
      ...(isOwnDropIn(dropIn) && !wanted.dropIns.has(name) ? [releaseUnitStep('remove-drop-in', name, memos)] : []),
    ]);
}

/** Recorded before anything is given back, so that a crash before the reload does not lose it. */
export function reloadMemos(observed: Observed): readonly Memo[] {
  return observed.systemd.state === 'running'
    ? [{ key: RELOAD_KEY, original: { state: 'absent' }, wrote: 'outstanding' }]
    : [];
}
