/** Entries by name: what `explain --list` shows, and what a misspelt one may have meant. */
import { AREA_NAMES, type AreaName, partOf } from '../../api/parts/parts.ts';
import type { NodePrepSpec } from '../../api/spec/nodeprep.ts';
import { nearest } from '../../api/yaml/nearest.ts';
import { HostFileError } from '../../host/errors.ts';
import type { SpecRequest } from '../../disk/file-spec-source.ts';
import type { Machine } from '../machine.ts';
import { declaredSnapshot } from './look.ts';

/** One entry of the list. */
export interface ListedEntry {
  readonly area: AreaName;
  readonly name: string;
  readonly declared: boolean;
  /** Why Kubernetes needs it; absent when there are no texts about it. */
  readonly why?: string;
}

/** Everything that is declared or that there are texts about, area by area, declared entries first. */
export async function listEntries(machine: Machine, request: SpecRequest): Promise<readonly ListedEntry[]> {
  const { snapshot } = await declaredSnapshot(machine, request);
  return machine.areas.flatMap(({ name: area, topics = [] }): ListedEntry[] => {
    const declared = declaredNames(snapshot.spec, area);
    const known = new Map(topics.map(({ name, why }) => [name, why]));
    return [...new Set([...declared, ...known.keys()])].map((name) => {
      const why = known.get(name);
      return { area, name, declared: declared.includes(name), ...(why === undefined ? {} : { why }) };
    });
  });
}

/** The known entry, or the name on this host, that was most likely meant; `undefined` when none is close. */
export async function similarTo(machine: Machine, spec: NodePrepSpec, entry: string): Promise<string | undefined> {
  const names = AREA_NAMES.flatMap((area) => declaredNames(spec, area));
  for (const { topics = [], namesLike } of machine.areas) {
    names.push(...topics.map(({ name }) => name));
    names.push(...((await namesLike?.(machine.host, entry).catch(nothingReadable)) ?? []));
  }
  // The last part alone is how people talk of a parameter: ip_forward.
  const byLast = new Map(names.toReversed().map((name) => [name.slice(name.lastIndexOf('.') + 1), name]));
  return nearest(entry, [...new Set(names)]) ?? byLast.get(nearest(entry, [...byLast.keys()]) ?? '');
}

function declaredNames(spec: NodePrepSpec, area: AreaName): readonly string[] {
  const declared: unknown = spec[area];
  const { askedAs = (name) => name, example } = partOf(area).entries;
  if (Array.isArray(declared)) return declared.map((one: { readonly name: string }) => askedAs(one.name));
  return declared === undefined ? [] : [example];
}

function nothingReadable(error: unknown): readonly string[] {
  if (error instanceof HostFileError) return [];
  throw error;
}
