/** What files say, parsed once for as long as they say the same. */
import type { HostReader, TextEncoding } from './host.ts';

/** Most files, and characters of all of them, in each of the two generations. */
const MOST_FILES = 1024;
const MOST_CHARACTERS = 384 * 1024;
/** A file that is larger is parsed every time. */
const LONGEST = 64 * 1024;

interface Kept {
  readonly parse: unknown;
  readonly encoding: TextEncoding;
  readonly text: string;
  readonly value: unknown;
}

type Generation = Map<string, readonly Kept[]>;

/**
 * Makes `HostReader.parsed` from a way to read. The text decides, and not what stat(2) says, because files of the kernel have no
 * times. A host that gives the same string again makes the comparison one of pointers. What is not asked for goes
 * with the older generation as soon as the younger one is full.
 */
export function createParsed(readFile: HostReader['readFile']): HostReader['parsed'] {
  let [recent, earlier]: [Generation, Generation] = [new Map(), new Map()];
  let characters = 0;

  const keep = (path: string, kept: readonly Kept[], size: number) => {
    if (recent.size >= MOST_FILES || characters + size > MOST_CHARACTERS) {
      [recent, earlier] = [new Map(), recent];
      characters = 0;
    }
    recent.set(path, kept);
    characters += size;
  };

  return async <T>(path: string, parse: (text: string, path: string) => T, encoding: TextEncoding = 'utf8') => {
    const text = await readFile(path, encoding);
    if (text === undefined) return undefined;
    const isOfParse = (one: Kept) => one.parse === parse && one.encoding === encoding;
    const atPath = recent.get(path) ?? earlier.get(path) ?? [];
    const known = atPath.find(isOfParse);
    if (known?.text === text) {
      if (!recent.has(path)) keep(path, atPath, text.length);
      return known.value as T;
    }
    const value = parse(text, path);
    const others = atPath.filter((one) => !isOfParse(one));
    if (text.length <= LONGEST) keep(path, [...others, { parse, encoding, text, value }], text.length);
    return value;
  };
}
