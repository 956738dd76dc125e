/** Keys of the ledger, and what it says of words that NodePrep wrote. Pure. */
import type { Memory } from '../../area.ts';
import type { WantedWords } from '../words.ts';

const PRESENT = 'present:';
const ABSENT = 'absent:';
const FILE = 'file:';

/** Key for a word that we brought onto the line; the original is the word that stood there for the same parameter. */
export function presentKey(word: string): string {
  return `${PRESENT}${word}`;
}

/** Key for a word that we took off the line; the original is what stood there. */
export function absentKey(word: string): string {
  return `${ABSENT}${word}`;
}

/** Key for a file as it was. */
export function fileKey(path: string): string {
  return `${FILE}${path}`;
}

/** Whether files of the loader were changed, and so recorded as they were. */
export function hasFiles(memory: Memory): boolean {
  return [...memory.keys()].some((key) => key.startsWith(FILE));
}

/** Whether a word that was declared stood there before. */
export function wasThere(word: string, memory: Memory): boolean {
  const original = memory.get(presentKey(word))?.original;
  return original?.state === 'value' && original.value.split(' ').includes(word);
}

/** Key for a reboot that is outstanding; what was written is the number of the boot in which it became so. */
export function rebootKey(word: string): string {
  return `reboot:${word}`;
}

/** What the ledger says was wanted up to now. */
export function wantedBefore(memory: Memory): WantedWords {
  const named = (start: string) =>
    [...memory.keys()].filter((key) => key.startsWith(start)).map((key) => key.slice(start.length));
  return { present: named(PRESENT), absent: named(ABSENT) };
}
