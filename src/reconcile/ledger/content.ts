/** What a ledger file holds: entries that can be used, and others that are kept as they are. */
import type { AreaName } from '../../api/spec/nodeprep.ts';
import { isMapping, scalarText } from '../../api/yaml/words.ts';
import type { Remembered } from '../../areas/area.ts';

/** Originals by area and key. */
export type Areas = Partial<Record<AreaName, Record<string, Remembered>>>;

/** An entry that makes no sense here, as it stood in the file; a person may still read an original in it. */
export interface Unreadable {
  readonly area: string;
  readonly key?: string;
  readonly entry: unknown;
}

/** The parts of a ledger. */
export interface LedgerContent {
  readonly areas: Areas;
  readonly unreadable: readonly Unreadable[];
}

/** What stands for the boot of a host whose kernel does not run: there nothing is left to a reboot. */
export const NO_BOOT = 'unknown';

/**
 * Sorts the entries of a record into those that can be used and the others, so that nothing in it is
 * lost. What was left to the next reboot in another boot than this is done.
 */
export function contentFrom(record: Readonly<Record<string, unknown>> | undefined, boot: string): LedgerContent {
  const kept = record?.['unreadable'];
  const unreadable: Unreadable[] = Array.isArray(kept) ? kept.filter(isUnreadable) : [];
  const source = record?.['areas'] ?? {};
  if (!isMapping(source)) return { areas: {}, unreadable: [...unreadable, { area: '', entry: source }] };
  const areas: [string, Record<string, Remembered>][] = [];
  for (const [area, entries] of Object.entries(source)) {
    if (!isMapping(entries)) {
      unreadable.push({ area, entry: entries });
      continue;
    }
    const good: [string, Remembered][] = [];
    for (const [key, entry] of Object.entries(entries)) {
      if (!isRemembered(entry)) unreadable.push({ area, key, entry });
      else if ((entry.leftIn ?? boot) === boot || boot === NO_BOOT) good.push([key, entry]);
    }
    areas.push([area, Object.fromEntries(good)]);
  }
  return { areas: Object.fromEntries(areas), unreadable };
}

/** Both ledgers in one: of two entries for one thing the original that was recorded first. */
export function mergedContent(a: LedgerContent, b: LedgerContent): LedgerContent {
  const names = new Set([...Object.keys(a.areas), ...Object.keys(b.areas)]) as Set<AreaName>;
  const areas = [...names].map((area): [AreaName, Record<string, Remembered>] => {
    const entries = new Map(Object.entries(a.areas[area] ?? {}));
    for (const [key, entry] of Object.entries(b.areas[area] ?? {})) {
      const known = entries.get(key);
      entries.set(key, known === undefined ? entry : mergedEntry(known, entry));
    }
    return [area, Object.fromEntries(entries)];
  });
  return { areas: Object.fromEntries(areas), unreadable: [...a.unreadable, ...b.unreadable] };
}

function mergedEntry(a: Remembered, b: Remembered): Remembered {
  const [first, second] = a.since <= b.since ? [a, b] : [b, a];
  const [before, last] = a.changed <= b.changed ? [a, b] : [b, a];
  const wrote = [...before.wrote.filter((value) => !last.wrote.includes(value)), ...last.wrote].slice(-2);
  return { ...first, original: originalOf(first, second), wrote, changed: last.changed };
}

/** A value that is known beats one that was lost. */
function originalOf(first: Remembered, second: Remembered): Remembered['original'] {
  return first.original.state === 'unknown' ? second.original : first.original;
}

function isRemembered(value: unknown): value is Remembered {
  return (
    isMapping(value) &&
    typeof value['key'] === 'string' &&
    isMapping(value['original']) &&
    ['value', 'absent', 'unreadable', 'unknown'].includes(scalarText(value['original']['state'])) &&
    (value['original']['state'] !== 'value' || typeof value['original']['value'] === 'string') &&
    Array.isArray(value['wrote']) &&
    value['wrote'].every((one) => typeof one === 'string') &&
    typeof value['since'] === 'string' &&
    typeof value['changed'] === 'string' &&
    ['string', 'undefined'].includes(typeof value['leftIn'])
  );
}

function isUnreadable(value: unknown): value is Unreadable {
  return isMapping(value) && typeof value['area'] === 'string';
}
