/** Explains swap, or one device. Pure. */
import type { Explanation } from '../area.ts';
import type { Desired } from './desired.ts';
import { rivalOf, SWAP_KNOWLEDGE, SWAP_NOTES } from './knowledge.ts';
import type { Observed } from './observe/observe.ts';
import { deviceKey, dropInKey, FSTAB_KEY, maskKey, serviceKey } from './plan/own-files.ts';
import { sourcesOf } from './observe/sources.ts';
import { renderUse } from './plan/steps.ts';
import { SWAP_SERVICES } from './plan/units.ts';
import { liveSwap } from './observe/view.ts';

/** Explains `swap`, a swap device or a swap unit; `undefined` for anything else. */
export function explainSwap(entry: string, desired: Desired, observed: Observed): Explanation | undefined {
  const isAll = entry === 'swap' || entry === 'spec.swap';
  const active = observed.swaps?.find((device) => device.path === entry);
  const unit = observed.units.get(entry);
  const isInFstab = observed.fstabSwaps.some((swap) => swap.source === entry || swap.device === entry);
  if (!isAll && active === undefined && unit === undefined && !isInFstab) return undefined;
  const live = isAll ? liveSwap(observed) : active === undefined ? liveState(observed) : renderUse(active);
  const rival = isAll ? undefined : rivalOf(entry);
  return {
    name: isAll ? 'swap' : entry,
    ...SWAP_KNOWLEDGE,
    ...(desired.behavior === 'Unmanaged' ? {} : { desired: desired.behavior }),
    ...(live === undefined ? {} : { live }),
    sources: unit === undefined ? sourcesOf(observed, isAll ? undefined : entry) : sourcesOfUnit(entry, observed),
    memoryKeys: isAll ? allKeys(observed) : [deviceKey(entry), maskKey(entry), dropInKey(entry), serviceKey(entry)],
    notes: [
      ...(rival === undefined ? [] : [`When it comes back, it is probably turned on by ${rival}.`]),
      ...SWAP_NOTES,
    ],
  };
}

function liveState({ swaps }: Observed): string | undefined {
  return swaps === undefined ? undefined : 'off';
}

function sourcesOfUnit(unit: string, observed: Observed) {
  const paths = [`/${unit}`, `/${unit}.d/nodeprep.conf`];
  return sourcesOf(observed).filter(({ file, value }) => value === unit || paths.some((path) => file.endsWith(path)));
}

function allKeys({ swaps, units }: Observed): readonly string[] {
  const names = [...units.keys()];
  return [
    FSTAB_KEY,
    ...(swaps ?? []).map((device) => deviceKey(device.path)),
    ...names.flatMap((name) => [maskKey(name), dropInKey(name)]),
    ...Object.keys(SWAP_SERVICES).map(serviceKey),
  ];
}
