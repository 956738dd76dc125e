/**
 * The steps from what is observed to what is declared. First what the next reboot reads, then
 * systemd's view of it, and only then the devices: systemd starts the swap of a unit that is neither
 * masked nor gone again with the next service that starts, because sysinit.target wants swap.target.
 */
import type { Finding, Memory, Plan } from '../../area.ts';
import { type Desired, mustGo, turnsOff } from '../desired.ts';
import { incoherence } from './limited.ts';
import type { Observed } from '../observe/observe.ts';
import { isZramDevice, type SwapDevice } from '../observe/parse.ts';
import { planMasks, planReleases, reloadMemos } from './plan-units.ts';
import { planRemoval } from './plan-removal.ts';
import { podInSwap, unsafeCgroup, unsafeSwapoff } from './safety.ts';
import {
  disableFstabStep,
  type FstabStep,
  reloadStep,
  restoreFstabStep,
  type ServiceStep,
  stopServiceStep,
  type SwapStep,
  swapoffStep,
} from './steps.ts';
import { FSTAB_KEY, RELOAD_KEY } from './own-files.ts';
import { SWAP_SERVICES } from './units.ts';
import { viewsOf } from '../observe/view.ts';
import { needsReload, outrankingUnits, type WantedUnits, wantedUnits } from './wanted.ts';

/** Plans the area. Pure. */
export function planSwap(desired: Desired, observed: Observed, memory: Memory): Plan<SwapStep> {
  const wanted = wantedUnits(desired, observed, memory);
  const going = (observed.swaps ?? []).filter((device) => mustGo(desired, isZramDevice(device.path)));
  const unsafe = unsafety(desired, observed, going);
  const entries = viewsOf(desired, observed, wanted);
  // Half of it would be a trap: swap would be gone after the next reboot on a node that needs it now.
  if (unsafe !== undefined) return { entries, steps: [], blocked: [unsafe], conflicts: [], left: [] };

  const fstab = turnsOff(desired) ? disabledFstab(observed, memory) : restoredFstab(observed);
  const releases = planReleases(observed, wanted, memory);
  const { services, devices, spent, leaves, left } = planRemoval(desired, observed, wanted, memory);
  const isGivenBack = releases.length > 0 || fstab?.to === 'restored' || memory.has(RELOAD_KEY);
  const reloads = observed.systemd.state === 'running' && (isGivenBack || needsReload(observed, wanted));
  const steps: SwapStep[] = [
    ...(fstab === undefined ? [] : [fstab]),
    ...planMasks(observed, wanted),
    ...releases,
    ...(reloads ? [reloadStep()] : []),
    ...stoppedServices(desired, observed),
    ...going.map((device) => swapoffStep(device, desired.reserveBytes, podInSwap(observed.cgroups))),
    ...services,
    ...devices,
  ];
  return {
    entries,
    steps,
    blocked: desired.behavior === 'LimitedSwap' ? incoherence(observed) : [],
    conflicts: conflictsOf(observed, wanted),
    left,
    leaves,
    spent,
  };
}

function unsafety(desired: Desired, observed: Observed, going: readonly SwapDevice[]): Finding | undefined {
  // A capture without /proc/meminfo says nothing about memory, and nothing is turned off there.
  if (observed.kernel === 'captured' && observed.memAvailableBytes === undefined) return undefined;
  const emptied = going.filter((device) => !device.isDeleted);
  return (
    unsafeSwapoff(emptied, observed.memAvailableBytes, desired.reserveBytes) ?? unsafeCgroup(emptied, observed.cgroups)
  );
}

function disabledFstab({ fstab, fstabSwaps }: Observed, memory: Memory): FstabStep | undefined {
  const lines = fstabSwaps.filter((swap) => !swap.isDisabled);
  if (fstab === undefined || lines.length === 0) return undefined;
  return disableFstabStep(lines, fstab, !memory.has(FSTAB_KEY) && lines.length < fstabSwaps.length);
}

function restoredFstab(observed: Observed): FstabStep | undefined {
  const lines = observed.fstabSwaps.filter((swap) => swap.isDisabled);
  return lines.length === 0 ? undefined : restoreFstabStep(lines, reloadMemos(observed));
}

function stoppedServices(desired: Desired, observed: Observed): ServiceStep[] {
  return [...observed.units.values()]
    .filter(({ name, isZram, live }) => Object.hasOwn(SWAP_SERVICES, name) && live?.isActive && mustGo(desired, isZram))
    .map(({ name }) => stopServiceStep(name));
}

function conflictsOf(observed: Observed, wanted: WantedUnits): Finding[] {
  return outrankingUnits(observed, wanted).map(({ unit, file }) => ({
    target: unit,
    reason: 'Conflict',
    file,
    message: `"${unit}" is defined in "${file}", which systemd prefers to every mask in /etc/systemd/system, so it can turn swap on at every reboot. Remove that file, or what generates it.`,
  }));
}
