/** How swap stands, in the words of the spec. Pure. */
import type { EntryView } from '../../area.ts';
import { type Desired, turnsOff } from '../desired.ts';
import type { Observed } from './observe.ts';
import { DROP_IN } from '../plan/own-files.ts';
import { renderUse } from '../plan/steps.ts';
import type { WantedUnits } from '../plan/wanted.ts';

/** The one entry of this area; none when swap is not managed. */
export function viewsOf(desired: Desired, observed: Observed, wanted: WantedUnits): readonly EntryView[] {
  if (desired.behavior === 'Unmanaged') return [];
  const live = liveSwap(observed);
  return [
    {
      name: 'swap',
      required: true,
      desired: desired.behavior,
      ...(live === undefined ? {} : { live }),
      ...(turnsOff(desired) ? { persistent: persistentSwap(observed, wanted) } : {}),
    },
  ];
}

/** The active swap in one line; `undefined` when there is no live state. */
export function liveSwap({ swaps, systemd }: Observed): string | undefined {
  if (swaps === undefined) return undefined;
  const devices = swaps.map((device) => `${device.path} (${renderUse(device)})`).join(', ');
  const note = systemd.why === undefined ? '' : ` (${systemd.why}, so masks count only from the next reboot)`;
  return `${devices === '' ? 'off' : devices}${note}`;
}

/** What would bring swap at the next reboot, or `off`. */
export function persistentSwap(observed: Observed, wanted: WantedUnits): string {
  const lines = observed.fstabSwaps.filter((swap) => !swap.isDisabled).map(({ line }) => `/etc/fstab:${line}`);
  const units = startingUnits(observed, wanted);
  const without = observed.systemd.state === 'absent' ? ' (no systemd here: /etc/fstab only)' : '';
  return [...lines, ...units].join(', ') || `off${without}`;
}

/** Units that nothing keeps from starting yet. */
export function startingUnits({ units }: Observed, wanted: WantedUnits): readonly string[] {
  return [...wanted.masks, ...wanted.dropIns].filter((name) => {
    const unit = units.get(name);
    if (unit === undefined) return true;
    return wanted.masks.has(name) ? unit.etc !== 'masked' : unit.dropIn !== DROP_IN;
  });
}
