/** Counts entries where changes and findings are listed: a live and a persistent change of one entry are one entry. */

interface OfEntry {
  readonly area: string;
  readonly target: string;
}

/** How many different entries the list is about. */
export function countEntries(list: readonly OfEntry[]): number {
  return new Set(list.map(({ area, target }) => JSON.stringify([area, target]))).size;
}

/**
 * What the changes of an area are about. An entry named like its area, such as swap, stands for every device and file.
 * A file that serves declared entries, such as a udev rule, is none itself, unless nothing else changes.
 */
export function entriesOf(
  area: string,
  entries: readonly { readonly name: string }[],
  changes: readonly { readonly target: string }[],
): readonly OfEntry[] {
  if (entries.some(({ name }) => name === area)) return changes.map(() => ({ area, target: area }));
  const named = entries.length === 0 ? [] : changes.filter(({ target }) => !target.startsWith('/'));
  return (named.length === 0 ? changes : named).map(({ target }) => ({ area, target }));
}
