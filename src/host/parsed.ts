/** What files say, parsed once for as long as they say the same. */
import type { HostReader, TextEncoding } from './host.ts';

/** Most files, and characters of all of them, in each of the two generations. */
const MOST_FILES = 1024;
const MOST_CHARACTERS = 384 * 1024;
/** A file that is larger is parsed every time. */
const LONGEST = 64 * 1024;

interface Kept {
  readonly encoding: TextEncoding;
  readonly text: string;
  readonly value: unknown;
}

/** By function and path. */
class Generation {
  readonly #kept = new Map<unknown, Map<string, Kept>>();
  #files = 0;
  #characters = 0;

  get(parse: unknown, path: string): Kept | undefined {
    return this.#kept.get(parse)?.get(path);
  }

  /** `false` when it is full. */
  add(parse: unknown, path: string, kept: Kept): boolean {
    if (this.#files >= MOST_FILES || this.#characters + kept.text.length > MOST_CHARACTERS) return false;
    this.#files += 1;
    this.#characters += kept.text.length;
    const byPath = this.#kept.get(parse) ?? new Map<string, Kept>();
    this.#kept.set(parse, byPath.set(path, kept));
    return true;
  }
}

/** Reads a file; a host that reads at once spares each call a promise. */
type Read = (path: string, encoding: TextEncoding) => string | undefined | Promise<string | undefined>;

/**
 * Makes `HostReader.parsed` from a way to read. The text decides, and not what stat(2) says, because files of the kernel have no
 * times. A host that gives the same string again makes the comparison one of pointers. What is not asked for goes
 * with the older generation as soon as the younger one is full.
 */
export function createParsed(read: Read): HostReader['parsed'] {
  let [recent, earlier] = [new Generation(), new Generation()];

  const keep = (parse: unknown, path: string, kept: Kept) => {
    if (recent.add(parse, path, kept)) return;
    [recent, earlier] = [new Generation(), recent];
    recent.add(parse, path, kept);
  };

  return async <T>(path: string, parse: (text: string, path: string) => T, encoding: TextEncoding = 'utf8') => {
    const answer = read(path, encoding);
    const text = answer instanceof Promise ? await answer : answer;
    if (text === undefined) return undefined;
    const isSame = (kept: Kept | undefined) => kept?.text === text && kept.encoding === encoding;
    const young = recent.get(parse, path);
    if (isSame(young)) return young?.value as T;
    const old = earlier.get(parse, path);
    const kept = old !== undefined && isSame(old) ? old : { encoding, text, value: parse(text, path) };
    if (text.length <= LONGEST) keep(parse, path, kept);
    return kept.value as T;
  };
}
