/** The steps of this area, and the words in which their changes are shown. Pure. */
import type { Change, Memo, Step } from '../../area.ts';
import { FSTAB, type FstabSwap } from './fstab.ts';
import { deviceKey, dropInKey, FSTAB_KEY, maskKey, RELOAD_KEY, serviceKey } from './own-files.ts';
import type { SwapDevice } from '../observe/parse.ts';
import { renderSize } from './sizes.ts';
import { textFrom } from './unit-names.ts';

/** Turns the swap lines of fstab off, or back on. */
export interface FstabStep extends Step {
  readonly kind: 'fstab';
  readonly to: 'disabled' | 'restored';
}

/** Keeps a unit from starting, or lets it start again. */
export interface UnitStep extends Step {
  readonly kind: 'mask' | 'unmask' | 'add-drop-in' | 'remove-drop-in';
  readonly unit: string;
}

/** Makes systemd read unit files and run its generators again. */
export interface ReloadStep extends Step {
  readonly kind: 'reload';
}

/** Stops or starts a service that manages swap by itself. */
export interface ServiceStep extends Step {
  readonly kind: 'stop-service' | 'start-service';
  readonly unit: string;
}

/** Empties one device and turns it off. */
export interface SwapoffStep extends Step {
  readonly kind: 'swapoff';
  readonly path: string;
  readonly reserveBytes: number;
}

/** Turns a device on as it was. */
export interface SwaponStep extends Step {
  readonly kind: 'swapon';
  readonly device: SwapDevice;
}

/** One action of the swap area. */
export type SwapStep = FstabStep | UnitStep | ReloadStep | ServiceStep | SwapoffStep | SwaponStep;

/** Longest text of a foreign line that a plan shows. */
const SHOWN_LENGTH = 200;

const change = (parts: Omit<Change, 'disruption'>): readonly [Change] => [{ ...parts, disruption: 'None' }];

/** Comments the lines out with our marker; the whole file is kept in the ledger as a safety copy. */
export function disableFstabStep(lines: readonly FstabSwap[], contents: string, isPartlyOurs: boolean): FstabStep {
  const original = isPartlyOurs
    ? ({ state: 'unknown', why: 'the file already had lines marked by NodePrep, but the record was lost' } as const)
    : ({ state: 'value', value: contents } as const);
  return {
    kind: 'fstab',
    to: 'disabled',
    changes: change({
      action: 'update',
      target: FSTAB,
      from: shownLines(lines),
      to: 'commented out',
      scope: 'persistent',
    }),
    memos: [{ key: FSTAB_KEY, original }],
  };
}

/** Takes our marker away. */
export function restoreFstabStep(lines: readonly FstabSwap[], memos: readonly Memo[]): FstabStep {
  return {
    kind: 'fstab',
    to: 'restored',
    changes: change({
      action: 'update',
      target: FSTAB,
      from: 'commented out',
      to: shownLines(lines),
      scope: 'persistent',
    }),
    memos,
    forgets: [FSTAB_KEY],
  };
}

/** Masks a unit with a link of ours. */
export function maskStep(unit: string, origin: string | undefined): UnitStep {
  return {
    kind: 'mask',
    unit,
    changes: change({
      action: 'disable',
      target: unit,
      from: origin ?? 'not masked',
      to: 'masked',
      scope: 'persistent',
    }),
    memos: [{ key: maskKey(unit), original: { state: 'absent' }, wrote: 'masked' }],
  };
}

/** Adds the drop-in for a unit that the administrator defined in the place of a mask. */
export function addDropInStep(unit: string, from: string): UnitStep {
  return {
    kind: 'add-drop-in',
    unit,
    changes: change({ action: 'disable', target: unit, from, to: 'never started (drop-in)', scope: 'persistent' }),
    memos: [{ key: dropInKey(unit), original: { state: 'absent' }, wrote: 'never started' }],
  };
}

/** Takes our mask or drop-in away. */
export function releaseUnitStep(kind: 'unmask' | 'remove-drop-in', unit: string, memos: readonly Memo[]): UnitStep {
  const from = kind === 'unmask' ? 'masked' : 'never started (drop-in)';
  return {
    kind,
    unit,
    changes: change({ action: 'enable', target: unit, from, to: 'as before', scope: 'persistent' }),
    memos,
    forgets: [kind === 'unmask' ? maskKey(unit) : dropInKey(unit)],
  };
}

/** Lets systemd notice what changed in its files. */
export function reloadStep(): ReloadStep {
  return {
    kind: 'reload',
    changes: change({ action: 'restart', target: 'systemd', from: 'older unit files', to: 'reloaded', scope: 'live' }),
    forgets: [RELOAD_KEY],
  };
}

/** Stops a service that would turn swap on again. */
export function stopServiceStep(unit: string): ServiceStep {
  return {
    kind: 'stop-service',
    unit,
    changes: change({ action: 'disable', target: unit, from: 'active', to: 'stopped', scope: 'live' }),
    memos: [{ key: serviceKey(unit), original: { state: 'value', value: 'active' }, wrote: 'stopped' }],
  };
}

/** Starts a service that we stopped. */
export function startServiceStep(unit: string): ServiceStep {
  return {
    kind: 'start-service',
    unit,
    changes: change({ action: 'enable', target: unit, from: 'stopped', to: 'active', scope: 'live' }),
    forgets: [serviceKey(unit)],
  };
}

/**
 * Turns one device off. Only a reboot can do it for a file whose name is gone: swapoff(2) needs the
 * name. A device in use waits while `pod`, the control group of one, has memory in swap: until it is
 * back the pod stands still.
 */
export function swapoffStep(device: SwapDevice, reserveBytes: number, pod?: string): SwapoffStep {
  const shown = { action: 'disable', target: device.path, from: renderUse(device), to: 'off', scope: 'live' } as const;
  if (device.isDeleted) {
    const changes = [{ ...shown, disruption: 'Reboot' }] as const;
    return { kind: 'swapoff', path: device.path, reserveBytes, changes, reason: 'RebootRequired' };
  }
  const drains = pod !== undefined && device.usedBytes > 0;
  return {
    kind: 'swapoff',
    path: device.path,
    reserveBytes,
    changes: drains ? [{ ...shown, disruption: 'Drain' }] : change(shown),
    ...(drains ? { waitsFor: 'drain', reason: 'DrainRequired' } : {}),
    memos: [{ key: deviceKey(device.path), original: { state: 'value', value: device.line }, wrote: 'off' }],
  };
}

/** Turns a device that we turned off on again. */
export function swaponStep(device: SwapDevice): SwaponStep {
  return {
    kind: 'swapon',
    device,
    changes: change({
      action: 'enable',
      target: device.path,
      from: 'off',
      to: renderSize(device.sizeBytes),
      scope: 'live',
    }),
    forgets: [deviceKey(device.path)],
  };
}

/** `256 MiB, 1.5 MiB used`. */
export function renderUse({ sizeBytes, usedBytes }: SwapDevice): string {
  return `${renderSize(sizeBytes)}, ${usedBytes === 0 ? '0' : renderSize(usedBytes)} used`;
}

function shownLines(lines: readonly FstabSwap[]): string {
  const shown = lines
    .map(
      ({ line, text }) =>
        `line ${line}: ${textFrom(text)
          .trim()
          .replaceAll(/[ \t]+/g, ' ')}`,
    )
    .join('; ');
  return shown.length > SHOWN_LENGTH ? `${shown.slice(0, SHOWN_LENGTH)}…` : shown;
}
