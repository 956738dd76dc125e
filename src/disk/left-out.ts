/** Whether a newer document leaves something out of the one before. Pure. */
import { isMapping } from '../api/yaml/words.ts';

/** Whether `before` says something about which `next` says nothing: a field, or an entry of a list. Other values are no matter. */
export function leavesOut(next: unknown, before: unknown): boolean {
  if (before === undefined) return false;
  if (next === undefined) return true;
  if (Array.isArray(next) && Array.isArray(before)) {
    const found = new Map(next.map((item): [string, unknown] => [nameOf(item), item]));
    return before.some((item) => leavesOut(found.get(nameOf(item)), item));
  }
  if (!isMapping(next) || !isMapping(before)) return false;
  return Object.keys(before).some((key) => leavesOut(next[key], before[key]));
}

/** Entries of lists are told apart by their names, as server-side apply does. */
function nameOf(item: unknown): string {
  return isMapping(item) && typeof item['name'] === 'string' ? item['name'] : JSON.stringify(item);
}
