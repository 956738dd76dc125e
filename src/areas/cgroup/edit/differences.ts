/** What differs between two values of a foreign file. Pure. */
import { isTable } from '../../tables.ts';

/** The keys that lead to each value that differs, is new or is gone; none when both mean the same. */
export function differencesOf(
  before: unknown,
  after: unknown,
  path: readonly string[] = [],
): readonly (readonly string[])[] {
  if (isTable(before) && isTable(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) => differencesOf(own(before, name), own(after, name), [...path, name]));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.some((one, at) => differencesOf(one, after[at]).length > 0) ? [path] : [];
  }
  return typeof before === typeof after && String(before) === String(after) ? [] : [path];
}

function own(table: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
