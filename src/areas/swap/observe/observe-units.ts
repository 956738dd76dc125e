/** Collects every unit that has to do with swap, from files, from fstab, from devices and from systemd. */
import type { HostReader } from '../../../host/host.ts';
import type { FstabEntry } from '../plan/fstab.ts';
import { observeGptSwaps } from './observe-gpt.ts';
import type { SystemdObserved } from './observe-systemd.ts';
import { dropInPath, MASK_TARGET, SYSTEM_UNITS, unitPath } from '../plan/own-files.ts';
import type { SwapDevice } from './parse.ts';
import { bytesFrom, swapUnitOf } from '../plan/unit-names.ts';
import { isSwapUnit, isZramUnit, type LiveUnit, SWAP_SERVICES } from '../plan/units.ts';
import { parseZramSections, ZRAM_GENERATOR_FILES } from './zram-generator.ts';

/** A unit as files and systemd show it. */
export interface UnitObserved {
  readonly name: string;
  readonly isZram: boolean;
  /** What is at its place in /etc/systemd/system: nothing, a mask, or a definition by the administrator. */
  readonly etc: 'absent' | 'masked' | 'defined';
  /** Our drop-in, when there is one. */
  readonly dropIn: string | undefined;
  /** Files and configuration lines that make it exist, for people; a mask is none. */
  readonly origins: readonly string[];
  readonly live: LiveUnit | undefined;
}

/** Later ones are hidden by earlier ones of the same name (systemd.unit(5), load path). */
export const UNIT_DIRECTORIES = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/run/systemd/transient',
  '/run/systemd/generator.early',
  SYSTEM_UNITS,
  '/run/systemd/system',
  '/run/systemd/generator',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
  '/run/systemd/generator.late',
] as const;

/** Directories that win over a mask in /etc/systemd/system. */
export const OUTRANKING: readonly string[] = UNIT_DIRECTORIES.slice(0, UNIT_DIRECTORIES.indexOf(SYSTEM_UNITS));

/** The units by name. Without systemd only what we left in /etc/systemd/system is looked at. */
export async function observeUnits(
  host: HostReader,
  systemd: SystemdObserved,
  swaps: readonly SwapDevice[],
  fstabSwaps: readonly FstabEntry[],
): Promise<ReadonlyMap<string, UnitObserved>> {
  const origins = new Map<string, string[]>();
  const add = (name: string | undefined, origin?: string) => {
    if (name === undefined) return;
    origins.set(name, [...(origins.get(name) ?? []), ...(origin === undefined ? [] : [origin])]);
  };
  for (const name of (await host.listDirectory(SYSTEM_UNITS)) ?? []) {
    const unit = name.replace(/\.d$/, '');
    if (isSwapUnit(unit)) add(unit);
  }
  if (systemd.state !== 'absent') {
    for (const { line, path, device } of fstabSwaps) {
      if (path !== undefined) add(swapUnitOf(path), `/etc/fstab:${line}`);
      // Once the line is gone, systemd-gpt-auto-generator declares the partition under its own name.
      if (device !== undefined) add(swapUnitOf(bytesFrom(device)), `/etc/fstab:${line}`);
    }
    await addFiles(host, add);
    for (const device of await observeGptSwaps(host)) add(swapUnitOf(bytesFrom(device)), `swap partition ${device}`);
    for (const { path } of swaps) add(swapUnitOf(bytesFrom(path)), '/proc/swaps');
    for (const live of systemd.units) if (live.load !== 'not-found') add(live.name, originOf(live));
  }
  const units = new Map<string, UnitObserved>();
  for (const [name, found] of origins) {
    const live = systemd.units.find((unit) => unit.name === name);
    const etc = await etcOf(host, name);
    // Not an origin: the mask itself, and the second name of a file where /lib is a link to /usr/lib.
    const isOrigin = (origin: string) =>
      !(etc === 'masked' && origin === unitPath(name)) &&
      !(origin.startsWith('/lib/') && found.includes(`/usr${origin}`));
    units.set(name, {
      name,
      isZram: isZramUnit(name, live),
      etc,
      dropIn: await host.readFile(dropInPath(name)),
      origins: [...new Set(found.filter(isOrigin))],
      live,
    });
  }
  return units;
}

async function addFiles(host: HostReader, add: (name: string | undefined, origin: string) => void): Promise<void> {
  for (const directory of UNIT_DIRECTORIES) {
    for (const name of (await host.listDirectory(directory)) ?? []) {
      if (isSwapUnit(name)) add(name, `${directory}/${name}`);
    }
  }
  for (const service of Object.keys(SWAP_SERVICES)) {
    // systemd makes units of init scripts; in an image it has not done so yet.
    const script = `/etc/init.d/${service.replace(/\.service$/, '')}`;
    if ((await host.stat(script)) !== undefined) add(service, script);
  }
  for (const main of ZRAM_GENERATOR_FILES) {
    const names = ((await host.listDirectory(`${main}.d`)) ?? []).filter((name) => name.endsWith('.conf'));
    for (const file of [main, ...names.map((name) => `${main}.d/${name}`)]) {
      for (const { unit, line } of parseZramSections((await host.readFile(file)) ?? '')) add(unit, `${file}:${line}`);
    }
  }
}

/** While a device is on, systemd has a unit for each of its names. */
function originOf({ fragment, following }: LiveUnit): string {
  if (fragment !== '') return fragment;
  return following === '' ? 'active' : `another name of ${following}`;
}

/** systemd takes a link to /dev/null and an empty file alike as a mask. */
async function etcOf(host: HostReader, name: string): Promise<UnitObserved['etc']> {
  const stat = await host.stat(unitPath(name));
  if (stat === undefined) return 'absent';
  if (stat.type === 'file') return stat.size === 0 ? 'masked' : 'defined';
  return (await host.readLink(unitPath(name))) === MASK_TARGET ? 'masked' : 'defined';
}
