/** Words of a kernel command line, as the kernel reads them. Pure. */
import { isRepeatable, plainBootName } from '../../api/names/boot-parameters.ts';

/** One parameter: `quiet` has no value, `console=ttyS0` has one. */
export interface BootWord {
  readonly name: string;
  readonly value?: string;
}

/**
 * What a command line must have and must not have. Words of `present` are whole; a word of `absent` without a value
 * stands for every value of its name.
 */
export interface WantedWords {
  readonly present: readonly string[];
  readonly absent: readonly string[];
}

/** Splits a line at blanks; double quotes hold a word together, as for the kernel. */
export function wordsOf(line: string): readonly string[] {
  return placesOf(line).map(({ word }) => word);
}

/** Name and value of a word. */
export function wordFrom(text: string): BootWord {
  const at = text.indexOf('=');
  return at === -1 ? { name: text } : { name: text.slice(0, at), value: text.slice(at + 1) };
}

/** A parameter as it stands on a command line. */
export function wordText({ name, value }: BootWord): string {
  return value === undefined ? name : `${name}=${value}`;
}

/** Equal for two words of which only one can be in force: by name, and by name and value where a name repeats. */
export function identityOf(text: string): string {
  const { name, value } = wordFrom(text);
  return isRepeatable(name) ? `${plainBootName(name)}=${value ?? ''}` : plainBootName(name);
}

/** Whether two words are the same to the kernel: `-` and `_` are one in a name. */
export function isSameWord(a: string, b: string): boolean {
  const [one, other] = [wordFrom(a), wordFrom(b)];
  return plainBootName(one.name) === plainBootName(other.name) && one.value === other.value;
}

/** Whether a word that must not stand is this one. */
export function isUnwanted(unwanted: string, word: string): boolean {
  const { name, value } = wordFrom(unwanted);
  return value === undefined ? plainBootName(name) === plainBootName(wordFrom(word).name) : isSameWord(unwanted, word);
}

/** Whether the word is in force on a line: the last of its identity wins. */
export function hasWord(line: readonly string[], word: string): boolean {
  const last = line.findLast((one) => identityOf(one) === identityOf(word));
  return last !== undefined && isSameWord(last, word);
}

/** What of the wanted words a line lacks, and which words on it must go. */
export function differenceOf(
  line: string,
  wanted: WantedWords,
): { missing: readonly string[]; stray: readonly string[] } {
  const words = wordsOf(line);
  return {
    missing: wanted.present.filter((word) => !hasWord(words, word)),
    stray: words.filter((word) => wanted.absent.some((unwanted) => isUnwanted(unwanted, word))),
  };
}

/**
 * The line with the wanted words. Every other character of it stays: what is replaced is replaced in its place, what
 * is new stands at the end, and a word goes with one blank beside it.
 */
export function editedLine(line: string, wanted: WantedWords): string {
  let text = line;
  for (const unwanted of wanted.absent) text = without(text, (word) => isUnwanted(unwanted, word));
  for (const word of wanted.present) {
    if (hasWord(wordsOf(text), word)) continue;
    const last = placesOf(text).findLast((place) => identityOf(place.word) === identityOf(word));
    if (last !== undefined) text = text.slice(0, last.at) + word + text.slice(last.at + last.word.length);
    else {
      const end = text.trimEnd().length;
      text = `${text.slice(0, end)}${end === 0 ? '' : ' '}${word}${text.slice(end)}`;
    }
  }
  return text;
}

function without(line: string, isGone: (word: string) => boolean): string {
  let text = line;
  for (const { word, at } of placesOf(line).toReversed()) {
    if (!isGone(word)) continue;
    const end = at + word.length;
    // At the start of the line, the blank behind the word goes with it.
    if (at > 0) text = text.slice(0, at - 1) + text.slice(end);
    else text = text.slice(/^[ \t]/.test(text.slice(end)) ? end + 1 : end);
  }
  return text;
}

function placesOf(line: string): readonly { readonly word: string; readonly at: number }[] {
  return [...line.matchAll(/(?:"[^"]*"?|[^\s"])+/g)].map((match) => ({ word: match[0], at: match.index }));
}
