/** Which units must not start, and by what means; and whether systemd has noticed. Pure. */
import type { Memory } from '../../area.ts';
import { type Desired, mustGo, turnsOff } from '../desired.ts';
import type { Observed } from '../observe/observe.ts';
import { OUTRANKING, type UnitObserved } from '../observe/observe-units.ts';
import { DROP_IN, dropInKey, dropInPath, maskKey } from './own-files.ts';
import { isZramUnit, SWAP_TARGET } from './units.ts';

/** The means by which units are kept from starting. */
export interface WantedUnits {
  readonly masks: ReadonlySet<string>;
  readonly dropIns: ReadonlySet<string>;
  /** Not wanted by us: they are masked by others, which NodePrep does not undo. */
  readonly foreignMasks: ReadonlySet<string>;
}

/**
 * The units to keep from starting: all that were seen, and all that we masked before, since the
 * other names of a device are only seen while its swap is on. `swap.target` is what pulls in every
 * swap at boot, also of a partition table that was not read yet, so it is masked
 * too, but only where no swap at all is wanted.
 */
export function wantedUnits(desired: Desired, observed: Observed, memory: Memory): WantedUnits {
  const masks = new Set<string>();
  const dropIns = new Set<string>();
  const foreignMasks = new Set<string>();
  if (!turnsOff(desired)) return { masks, dropIns, foreignMasks };
  for (const unit of candidates(desired, observed, memory)) {
    // A target has nothing to run that a condition could keep from running, and what it wants is masked by itself.
    if (unit.etc === 'defined' && unit.name === SWAP_TARGET) continue;
    if (unit.etc === 'defined') dropIns.add(unit.name);
    else if (unit.etc === 'masked' && !memory.has(maskKey(unit.name))) foreignMasks.add(unit.name);
    else masks.add(unit.name);
  }
  return { masks, dropIns, foreignMasks };
}

function candidates(desired: Desired, observed: Observed, memory: Memory): UnitObserved[] {
  // Another init now, or a container: nothing new is masked, and what we masked stays for the next reboot with systemd.
  if (observed.systemd.state === 'absent') {
    const isOurs = ({ name, etc, dropIn }: UnitObserved) =>
      dropIn !== undefined || (etc === 'masked' && memory.has(maskKey(name)));
    return [...observed.units.values()].filter((unit) => isOurs(unit) && isUnwanted(desired, unit));
  }
  const names = new Set([...observed.units.keys(), ...(desired.behavior === 'Disabled' ? [SWAP_TARGET] : [])]);
  for (const key of memory.keys()) if (key.startsWith('unit:')) names.add(key.slice('unit:'.length));
  return [...names].toSorted().flatMap((name) => {
    const unit = observed.units.get(name) ?? unseen(name);
    const isKnown = unit.origins.length > 0 || memory.has(maskKey(name)) || memory.has(dropInKey(name));
    return (isKnown || name === SWAP_TARGET) && isUnwanted(desired, unit) ? [unit] : [];
  });
}

/** zram units hang on swap.target as well, so it goes only together with them. */
function isUnwanted(desired: Desired, { name, isZram }: UnitObserved): boolean {
  return name === SWAP_TARGET ? desired.behavior === 'Disabled' : mustGo(desired, isZram);
}

function unseen(name: string): UnitObserved {
  return { name, isZram: isZramUnit(name), etc: 'absent', dropIn: undefined, origins: [], live: undefined };
}

/**
 * Whether systemd still works with older unit files. Only what it shows counts, so a reload that
 * failed or a crash before it is made good by any later pass.
 */
export function needsReload(observed: Observed, wanted: WantedUnits): boolean {
  if (observed.systemd.state !== 'running') return false;
  return [...observed.units.values()].some(({ name, live, dropIn }) => {
    if (live === undefined) return false;
    if (wanted.masks.has(name) || wanted.foreignMasks.has(name)) {
      return live.load === 'loaded' && !isOutranking(live.fragment);
    }
    // A drop-in that is about to be written is missing from the list as well.
    if (wanted.dropIns.has(name)) return !live.dropIns.includes(dropInPath(name)) || dropIn !== DROP_IN;
    return false;
  });
}

/** Whether a unit that was defined in such a place cannot be masked from /etc. */
export function isOutranking(path: string): boolean {
  return OUTRANKING.some((directory) => path.startsWith(`${directory}/`));
}

/** Units that start swap although we mask them, with the place that wins. */
export function outrankingUnits(observed: Observed, wanted: WantedUnits): readonly { unit: string; file: string }[] {
  return [...wanted.masks, ...wanted.dropIns].flatMap((unit) => {
    const file = observed.units.get(unit)?.origins.find(isOutranking);
    return file === undefined ? [] : [{ unit, file }];
  });
}
