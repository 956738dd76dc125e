/** What `verify` and `explain` know: the areas' own knowledge next to what this host shows. */
import { AREA_NAMES, type AreaName, partOf } from '../../api/parts/parts.ts';
import type { NodePrepSpec } from '../../api/spec/nodeprep.ts';
import { InvalidNameError } from '../../api/yaml/errors.ts';
import { listed } from '../../api/yaml/words.ts';
import type { Check, Explanation, Original } from '../../areas/area.ts';
import type { SpecRequest } from '../../disk/file-spec-source.ts';
import { readLedger } from '../../reconcile/ledger/ledger.ts';
import { hostChecks } from './host-checks.ts';
import { declaredSnapshot } from './look.ts';
import type { Machine } from '../machine.ts';
import { similarTo } from './topics.ts';

/** Nothing by that name is known to NodePrep. */
export class UnknownEntryError extends Error {
  override readonly name = 'UnknownEntryError';
}

/** All checks of the areas, then those of the host as a whole. */
export async function verifyHost(machine: Machine, request: SpecRequest, signal: AbortSignal): Promise<Check[]> {
  const { snapshot } = await declaredSnapshot(machine, request);
  const checks: Check[] = [];
  for (const area of machine.areas) {
    try {
      checks.push(...(await area.inspect(snapshot.spec, machine.host, signal)).verify());
    } catch (error) {
      signal.throwIfAborted();
      const found = error instanceof Error ? error.message : String(error);
      const consequence = 'NodePrep cannot say whether this part of the node is right. Fix what the message names.';
      checks.push({ title: `${area.name} can be looked at`, looked: 'the host', found, outcome: 'fail', consequence });
    }
  }
  return [...checks, ...(await hostChecks(machine.host))];
}

/** An explanation with what the ledger remembers. */
export interface EntryExplanation extends Omit<Explanation, 'memoryKeys' | 'changeKeys' | 'isUnknown'> {
  readonly area: string;
  /** State before NodePrep's first change; absent when it never changed anything. */
  readonly original?: Original;
  /** RFC 3339 time of NodePrep's last change. */
  readonly changed?: string;
}

/** Throws `UnknownEntryError` when no area knows the entry, otherwise as `look` does. */
export async function explainEntry(
  machine: Machine,
  request: SpecRequest,
  entry: string,
  signal: AbortSignal,
): Promise<EntryExplanation> {
  const { snapshot } = await declaredSnapshot(machine, request);
  const { area: name, spec, declared } = specFor(snapshot.spec, entry);
  const area = machine.areas.find((one) => one.name === name);
  const explanation = (await area?.inspect(spec, machine.host, signal))?.explain(entry);
  if (explanation === undefined || (explanation.isUnknown === true && !declared)) {
    const similar = await similarTo(machine, snapshot.spec, entry);
    // An image has no kernel that could know it.
    if (explanation === undefined || similar !== undefined || machine.host.kernel !== 'absent') {
      throw unknown(entry, 'neither NodePrep nor this host knows it', similar);
    }
  }
  const ledger = await readLedger(machine.host);
  const memory = ledger.memory(name);
  const { memoryKeys, changeKeys = [], desired, isUnknown: _, ...rest } = explanation;
  const recorded = (keys: readonly string[]) => keys.flatMap((key) => memory.get(key) ?? []);
  const [remembered] = recorded(memoryKeys);
  const changed = recorded([...memoryKeys, ...changeKeys])
    .map((one) => one.changed)
    .toSorted()
    .at(-1);
  return {
    area: name,
    ...rest,
    notes: [...rest.notes, ...(ledger.warning === undefined ? [] : [`Originals are not known: ${ledger.warning}.`])],
    ...(declared && desired !== undefined ? { desired } : {}),
    ...(remembered === undefined ? {} : { original: remembered.original }),
    ...(changed === undefined ? {} : { changed }),
  };
}

/** Areas observe what is declared, so an entry that is not is added for this one look. */
function specFor(spec: NodePrepSpec, entry: string): { area: AreaName; spec: NodePrepSpec; declared: boolean } {
  const { area, name } = meantBy(entry);
  const desired: unknown = spec[area];
  const { with: withEntry, declares } = partOf(area).entries;
  const isDeclared = Array.isArray(desired)
    ? (declares?.(desired, name) ?? desired.some((one: { readonly name: string }) => one.name === name))
    : desired !== undefined;
  if (isDeclared || withEntry === undefined) return { area, spec, declared: isDeclared };
  return { area, declared: false, spec: { ...spec, [area]: withEntry(desired, name) } };
}

/** The last area that takes the name: a word such as "swap" could be a module as well. */
function meantBy(entry: string): { area: AreaName; name: string } {
  try {
    for (const area of AREA_NAMES.toReversed()) {
      const name = partOf(area).entries.named(entry);
      if (name !== undefined) return { area, name };
    }
  } catch (error) {
    if (error instanceof InvalidNameError) throw unknown(entry, error.message);
    throw error;
  }
  throw unknown(entry, 'no area has such a name');
}

function unknown(entry: string, why: string, similar?: string): UnknownEntryError {
  const next =
    similar === undefined
      ? `Name ${listed(AREA_NAMES.flatMap((area) => partOf(area).entries.words))}; `
      : `Did you mean "${similar}"? `;
  return new UnknownEntryError(
    `Cannot explain "${entry.slice(0, 80)}": ${why}. ${next}"nodeprep explain --list" shows what there are texts about.`,
  );
}
