/** What to do about devices and services that we turned off and that the spec does not want off any more. Pure. */
import type { Finding, Memory } from '../../area.ts';
import { type Desired, mustGo, turnsOff } from '../desired.ts';
import type { Observed } from '../observe/observe.ts';
import { FSTAB, parseFstabSwaps } from './fstab.ts';
import { FSTAB_KEY, isOwnDropIn, maskKey, RELOAD_KEY, unitPath } from './own-files.ts';
import { isZramDevice, parseSwapLine, type SwapDevice } from '../observe/parse.ts';
import { type ServiceStep, startServiceStep, type SwaponStep, swaponStep } from './steps.ts';
import { textFrom } from './unit-names.ts';
import { SWAP_SERVICES } from './units.ts';
import type { WantedUnits } from './wanted.ts';

/** The way back for what was turned off live. */
export interface Removal {
  readonly services: readonly ServiceStep[];
  readonly devices: readonly SwaponStep[];
  /** Ledger keys for which nothing is left to do. */
  readonly spent: readonly string[];
  /** Ledger keys of what stays off until the next reboot. */
  readonly leaves: readonly string[];
  readonly left: readonly Finding[];
}

/** Plans the way back. With `Keep`, and where no kernel runs, the next reboot is the way back. */
export function planRemoval(desired: Desired, observed: Observed, wanted: WantedUnits, memory: Memory): Removal {
  const isLive = observed.kernel === 'running' && desired.deletionPolicy === 'Restore';
  const services: ServiceStep[] = [];
  const devices: SwaponStep[] = [];
  const spent: string[] = [];
  const leaves: string[] = [];
  const left: Finding[] = [];
  for (const [key, { original }] of memory) {
    const at = key.indexOf(':');
    const [kind, name] = at < 0 ? [key, ''] : [key.slice(0, at), key.slice(at + 1)];
    if (kind === 'device') {
      const device = deviceFrom(original.state === 'value' ? original.value : '');
      if (mustGo(desired, isZramDevice(name))) continue;
      const isOn = observed.swaps?.some((swap) => swap.path === name && !swap.isDeleted) ?? false;
      if (!isOn && isLive && device !== undefined) devices.push(swaponStep(device));
      else if (isOn || observed.kernel !== 'running') spent.push(key);
      else {
        (device === undefined ? spent : leaves).push(key);
        left.push(leftOff(name));
      }
    } else if (kind === 'service') {
      if (mustGo(desired, SWAP_SERVICES[name]?.isZram ?? false)) continue;
      const isOn = observed.units.get(name)?.live?.isActive ?? false;
      if (!isOn && isLive && observed.systemd.state === 'running') services.push(startServiceStep(name));
      else (isOn || observed.kernel !== 'running' ? spent : leaves).push(key);
    } else if (isSpent(key, kind, name, { desired, observed, wanted })) spent.push(key);
  }
  return {
    services,
    devices,
    spent,
    leaves,
    left: [...left, ...lostLines(desired, observed, memory), ...strangeMasks(desired, observed, memory)],
  };
}

/** Lines that NodePrep turned off and that were changed or removed since: they are no longer ours. */
function lostLines(desired: Desired, observed: Observed, memory: Memory): Finding[] {
  const original = memory.get(FSTAB_KEY)?.original;
  if (turnsOff(desired) || original?.state !== 'value') return [];
  const present = new Set(observed.fstabSwaps.map((swap) => swap.text));
  return parseFstabSwaps(original.value)
    .filter((swap) => !present.has(swap.text))
    .map(({ text }) => ({
      target: FSTAB,
      reason: 'Conflict',
      file: FSTAB,
      required: false,
      message: `The line "${textFrom(text).trim()}" does not come back to ${FSTAB}: it was changed or removed after NodePrep had turned it off. Add it again if this swap is wanted.`,
    }));
}

/** Our marker without a record means that the ledger is lost, and with it which masks are ours. */
function strangeMasks(desired: Desired, observed: Observed, memory: Memory): Finding[] {
  const isLost = observed.fstabSwaps.some((swap) => swap.isDisabled) && !memory.has(FSTAB_KEY);
  if (turnsOff(desired) || !isLost) return [];
  return [...observed.units.values()]
    .filter(({ name, etc }) => etc === 'masked' && !memory.has(maskKey(name)))
    .map(({ name }) => ({
      target: name,
      reason: 'Conflict',
      file: unitPath(name),
      required: false,
      message: `"${name}" stays masked: the record of what NodePrep did is lost, so the mask may not be NodePrep's. Run "systemctl unmask '${name}'" if this swap is wanted.`,
    }));
}

function isSpent(
  key: string,
  kind: string,
  name: string,
  { desired, observed, wanted }: { desired: Desired; observed: Observed; wanted: WantedUnits },
): boolean {
  if (kind === 'unit') return !wanted.masks.has(name) && observed.units.get(name)?.etc !== 'masked';
  if (kind === 'drop-in') return !wanted.dropIns.has(name) && !isOwnDropIn(observed.units.get(name)?.dropIn);
  if (key === FSTAB_KEY) return !turnsOff(desired) && !observed.fstabSwaps.some((swap) => swap.isDisabled);
  // A reload is outstanding only for a systemd that runs; any other reads its files at the next reboot.
  return key === RELOAD_KEY && observed.systemd.state !== 'running';
}

/** The device as it was; `undefined` when the ledger was edited and does not say. */
function deviceFrom(line: string): SwapDevice | undefined {
  try {
    return parseSwapLine(line);
  } catch {
    return undefined;
  }
}

function leftOff(path: string): Finding {
  return {
    target: path,
    reason: 'NextBoot',
    required: false,
    message: `Swap on "${path}" stays off until the next reboot: NodePrep no longer decides whether this node may swap. Turn it on with "swapon ${path}" to have it back now.`,
  };
}
