/**
 * Entries that a newer spec leaves out are removed a moment after the rest takes effect: replacing a list, or handing it
 * from one field manager to another, removes entries and brings them back within a second, and a kernel parameter that
 * flips twice is worse than one that is late. Pure.
 */
import { SpecInvalidError } from '../../api/yaml/errors.ts';
import { type LoadedObject, loadObject } from '../../api/spec/load-object.ts';
import { API_VERSION } from '../../api/spec/nodeprep.ts';
import { canonicalJson } from '../digest.ts';
import { isMapping } from '../../api/yaml/words.ts';

/** The newer spec with everything that it leaves out of the one before; `undefined` when that is nothing, or no spec. */
export function keepRemoved(next: LoadedObject, before: LoadedObject, called: string): LoadedObject | undefined {
  const spec = united(next.source, before.source);
  if (canonicalJson(spec) === canonicalJson(next.source)) return undefined;
  try {
    return { ...loadObject({ apiVersion: API_VERSION, kind: 'NodePrep', spec }, called), ignored: next.ignored };
  } catch (error) {
    if (error instanceof SpecInvalidError) return undefined;
    throw error;
  }
}

function united(next: unknown, before: unknown): unknown {
  if (next === undefined || before === undefined) return next ?? before;
  if (Array.isArray(next) && Array.isArray(before)) {
    const keys = new Set(next.map(keyOf));
    return [...(next as unknown[]), ...(before as unknown[]).filter((item) => !keys.has(keyOf(item)))];
  }
  if (!isMapping(next) || !isMapping(before)) return next;
  const keys = new Set([...Object.keys(next), ...Object.keys(before)]);
  return Object.fromEntries([...keys].map((key) => [key, united(next[key], before[key])]));
}

/** Entries of lists are told apart by their names, as server-side apply does. */
function keyOf(item: unknown): string {
  return canonicalJson(isMapping(item) && item['name'] !== undefined ? item['name'] : item);
}
