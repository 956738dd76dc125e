/** Performs one step after looking again: the host may have changed since the plan. */
import type { Host } from '../../../host/host.ts';
import { type Change, StepError } from '../../area.ts';
import { startService, stopService, turnOff, turnOn } from './apply-live.ts';
import { disableFstabSwaps, FSTAB, restoreFstabSwaps } from '../plan/fstab.ts';
import { DROP_IN, dropInPath, MASK_TARGET, unitPath } from '../plan/own-files.ts';
import type { FstabStep, SwapStep, UnitStep } from '../plan/steps.ts';

/** systemd runs every generator during a reload. */
const RELOAD_TIMEOUT_MS = 90_000;

/** Performs one step of a plan; returns the changes that were really made when there were none. */
export async function applySwapStep(
  host: Host,
  step: SwapStep,
  signal: AbortSignal,
): Promise<readonly Change[] | void> {
  switch (step.kind) {
    case 'fstab':
      return applyFstab(host, step);
    case 'mask':
      return applyMask(host, step);
    case 'unmask':
      return applyUnmask(host, step);
    case 'add-drop-in':
      return host.writeFile(dropInPath(step.unit), DROP_IN);
    case 'remove-drop-in':
      await host.removeFile(dropInPath(step.unit));
      return host.removeDirectory(`${unitPath(step.unit)}.d`);
    case 'reload':
      await host.run(['systemctl', 'daemon-reload'], { timeoutMs: RELOAD_TIMEOUT_MS, signal });
      return undefined;
    case 'stop-service':
      return stopService(host, step.unit, signal);
    case 'start-service':
      return startService(host, step.unit, signal);
    case 'swapoff':
      return turnOff(host, step, signal);
    case 'swapon':
      return turnOn(host, step, signal);
  }
}

async function applyFstab(host: Host, { to }: FstabStep): Promise<readonly Change[] | void> {
  const before = await host.readFile(FSTAB, 'bytes');
  if (before === undefined) return [];
  const after = to === 'disabled' ? disableFstabSwaps(before) : restoreFstabSwaps(before);
  if (after === before) return [];
  // What was changed before goes back whatever has been made of the file since.
  return host.writeFile(FSTAB, after, { encoding: 'bytes', onlyName: to === 'disabled' });
}

async function applyMask(host: Host, { unit }: UnitStep): Promise<readonly Change[] | void> {
  const path = unitPath(unit);
  if ((await host.readLink(path)) === MASK_TARGET) return [];
  if ((await host.stat(path)) !== undefined) {
    throw new StepError(
      'ApplyFailed',
      `Cannot mask "${unit}": "${path}" has appeared meanwhile and is not ours to replace. The next pass adds a drop-in to it instead.`,
      { transient: true },
    );
  }
  return host.makeLink(path, MASK_TARGET);
}

async function applyUnmask(host: Host, { unit }: UnitStep): Promise<readonly Change[] | void> {
  // An administrator may have put a unit in place of our link.
  if ((await host.readLink(unitPath(unit))) !== MASK_TARGET) return [];
  return host.removeFile(unitPath(unit));
}
