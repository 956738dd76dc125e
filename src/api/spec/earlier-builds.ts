/** Spellings of earlier builds: refused in documents, where the new one is named, and read in records on disk. */
import { isMapping } from '../yaml/words.ts';

/** Fields that have another name now, with what to write instead of a value. */
const RENAMED: Readonly<Record<string, (value: unknown) => string>> = {
  required: (value) => (value === true ? 'leave it out, because it is the default' : 'write "optional: true"'),
};

/** What to write instead of a field of an earlier build; `undefined` when it never was one. `known` are the fields that there are now. */
export function renamedField(key: string, value: unknown, known: readonly string[]): string | undefined {
  return known.includes('optional') && Object.hasOwn(RENAMED, key) ? RENAMED[key]?.(value) : undefined;
}

/** The source of a spec that an earlier build recorded, in the spelling of today. Anything that is no source stays as it is. */
export function currentSource(source: unknown): unknown {
  if (!isMapping(source)) return source;
  return Object.fromEntries(
    Object.entries(source).map(([key, part]) => [key, Array.isArray(part) ? part.map(currentEntry) : part]),
  );
}

function currentEntry(entry: unknown): unknown {
  if (!isMapping(entry)) return entry;
  const { required, ...rest } = entry;
  const short = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, withoutLongNumbers(value)]));
  if (typeof required !== 'boolean') return required === undefined ? short : { ...short, required };
  return required ? short : { ...short, optional: true };
}

/** Numbers that are text now, as a value or inside a map of values. */
function withoutLongNumbers(value: unknown): unknown {
  if (typeof value === 'number') return Math.abs(value) < 2 ** 31 ? value : String(value);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutLongNumbers(one)]));
}
