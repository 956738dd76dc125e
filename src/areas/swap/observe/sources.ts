/** Every file and unit that has a say in swap at boot, in the order in which the boot reads them. Pure. */
import type { Source } from '../../area.ts';
import { FSTAB } from '../plan/fstab.ts';
import type { Observed } from './observe.ts';
import type { UnitObserved } from './observe-units.ts';
import { DROP_IN, dropInPath, unitPath } from '../plan/own-files.ts';
import { swapUnitOf, textFrom } from '../plan/unit-names.ts';

/** The sources of all swap, or of one device; `wins` means that it brings swap at the next reboot. */
export function sourcesOf(observed: Observed, device?: string): readonly Source[] {
  const targetMasked = observed.units.get('swap.target')?.etc === 'masked';
  const commandLine = commandLineSource(observed.kernelCommandLine);
  const generatorsOff = commandLine?.value.endsWith('=no') ?? false;
  const lines = observed.fstabSwaps
    .filter((swap) => device === undefined || swap.device === device || swap.source === device)
    .map((swap): Source => {
      const unit = swap.path === undefined ? undefined : swapUnitOf(swap.path);
      const isMasked = targetMasked || (unit !== undefined && observed.units.get(unit)?.etc === 'masked');
      const isHeld = observed.systemd.state !== 'absent' && (isMasked || generatorsOff);
      const note = swap.isDisabled ? 'turned off by NodePrep' : isHeld ? 'masked' : undefined;
      const isOn = !swap.isDisabled && !isHeld;
      return { file: FSTAB, line: swap.line, value: textFrom(swap.text).trim(), wins: isOn, ...(note ? { note } : {}) };
    });
  const units = [...observed.units.values()]
    .filter((unit) => device === undefined || concerns(unit, device))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((unit) => unitSources(unit, targetMasked));
  return [...(commandLine === undefined ? [] : [commandLine]), ...lines, ...units];
}

function unitSources(unit: UnitObserved, targetMasked: boolean): readonly Source[] {
  const isHeld = unit.etc === 'masked' || unit.dropIn === DROP_IN;
  const files = unit.origins.filter((origin) => origin.startsWith('/') && !/^\/(etc\/fstab:|proc\/)/.test(origin));
  const made = files.map((origin): Source => {
    const [, file = origin, line] = /^(.*\.conf):(\d+)$/.exec(origin) ?? [];
    const pulledIn = unit.name.endsWith('.swap') ? !targetMasked : unit.name !== 'swap.target';
    const note = isHeld ? 'masked' : targetMasked ? 'swap.target is masked' : undefined;
    return {
      file,
      ...(line === undefined ? {} : { line: Number(line) }),
      value: unit.name,
      wins: !isHeld && pulledIn,
      ...(note === undefined ? {} : { note }),
    };
  });
  // The masks of a device's other names say nothing that the mask of its unit does not.
  if (!isHeld || unit.origins.length === 0) return made;
  const file = unit.etc === 'masked' ? unitPath(unit.name) : dropInPath(unit.name);
  return [
    ...made,
    { file, value: unit.etc === 'masked' ? 'masked' : 'never started', wins: true, note: 'keeps it off' },
  ];
}

function concerns(unit: UnitObserved, device: string): boolean {
  return unit.live?.what === device || unit.live?.following === swapUnitOf(device) || unit.name === swapUnitOf(device);
}

/** `systemd.swap=no` makes the generators for fstab and GPT leave swap out (kernel-command-line(7)). */
function commandLineSource(commandLine: string): Source | undefined {
  const value = /(?:^| )systemd\.swap=(\S+)/.exec(commandLine)?.[1];
  if (value === undefined) return undefined;
  const isOff = ['0', 'no', 'false', 'n', 'f', 'off'].includes(value.toLowerCase());
  return {
    file: '/proc/cmdline',
    value: `systemd.swap=${isOff ? 'no' : value}`,
    wins: isOff,
    note: isOff ? 'generators make no swap units' : 'generators make swap units',
  };
}
