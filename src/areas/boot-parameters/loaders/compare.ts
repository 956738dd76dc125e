/** Whether two configurations of a boot loader differ in the wanted words alone. Pure. */
import { identityOf, isUnwanted, type WantedWords, wordsOf } from '../words.ts';
import type { BootEntry } from './loader.ts';

/**
 * What else differs between what the next boot reads before and after a change, in words; `undefined` when nothing
 * does. Titles do not count: they are in the language of the program that made them.
 */
export function differenceBeyond(
  before: readonly BootEntry[],
  after: readonly BootEntry[],
  touched: WantedWords,
): string | undefined {
  if (after.length === 0) return 'nothing would be left to start';
  if (before.length !== after.length)
    return `there were ${before.length} entries to start, and there would be ${after.length}`;
  for (const [at, entry] of before.entries()) {
    const [old, made] = [othersIn(entry, touched), othersIn(after[at], touched)];
    if (old.join(' ') === made.join(' ')) continue;
    const lost = old.find((word) => !made.includes(word));
    const gained = made.find((word) => !old.includes(word));
    const what = lost === undefined ? (gained === undefined ? 'its order' : `"${gained}", which is new`) : `"${lost}"`;
    return `the entry "${entry.title}" would differ in ${what}`;
  }
  return undefined;
}

/** The first entry that is not as wanted, in words; `undefined` when all are. */
export function lackIn(entries: readonly BootEntry[], { present, absent }: WantedWords): string | undefined {
  for (const { title, commandLine } of entries) {
    const words = wordsOf(commandLine);
    const missing = present.find((word) => words.findLast((one) => identityOf(one) === identityOf(word)) !== word);
    if (missing !== undefined) return `the entry "${title}" has no "${missing}"`;
    const stray = words.find((word) => absent.some((unwanted) => isUnwanted(unwanted, word)));
    if (stray !== undefined) return `the entry "${title}" still has "${stray}"`;
  }
  return undefined;
}

/** The image and every word that the change is not about. */
function othersIn(entry: BootEntry | undefined, { present, absent }: WantedWords): readonly string[] {
  if (entry === undefined) return [];
  const touched = new Set(present.map(identityOf));
  const others = wordsOf(entry.commandLine).filter(
    (word) => !touched.has(identityOf(word)) && !absent.some((unwanted) => isUnwanted(unwanted, word)),
  );
  return entry.image === undefined ? others : [entry.image, ...others];
}
