/** Entries of the Boot Loader Specification, and the environment block of GRUB that they may refer to. Pure. */
import { editedLine, type WantedWords } from '../../words.ts';

/** What an entry file says, and where. */
export interface EntryFile {
  readonly title: string;
  readonly version: string;
  /** Starts Linux: an entry of another system, or a tool, takes no parameters of ours. */
  readonly isLinux: boolean;
  /** The values of every `options` line, joined by blanks, as the loader does. */
  readonly options: string;
  /** 1-based, of the last `options` line; absent without one. */
  readonly line?: number;
}

const OPTIONS = /^([ \t]*options[ \t]+)(.*?)([ \t\r]*)$/;
const KERNELOPTS = /^kernelopts=(.*)$/m;
/** Size of the environment block, which GRUB saves in place: it never grows. */
const BLOCK_SIZE = 1024;

/** Reads an entry file; keys that NodePrep does not need are ignored. */
export function parseEntry(text: string): EntryFile {
  const lines = text.split('\n');
  const valueOf = (key: string) =>
    lines
      .map((line) => new RegExp(`^[ \\t]*${key}[ \\t]+(.*?)[ \\t\\r]*$`).exec(line)?.[1])
      .find((one) => one !== undefined);
  const options = lines.flatMap((line, at) => {
    const value = OPTIONS.exec(line)?.[2];
    return value === undefined ? [] : [{ value, line: at + 1 }];
  });
  const last = options.at(-1)?.line;
  return {
    title: valueOf('title') ?? '',
    version: valueOf('version') ?? '',
    isLinux: valueOf('linux') !== undefined,
    options: options.map(({ value }) => value).join(' '),
    ...(last === undefined ? {} : { line: last }),
  };
}

/**
 * The entry with the wanted words: unwanted ones go from every `options` line, missing ones go to the last. An entry that
 * does not start Linux stays.
 */
export function editEntry(text: string, wanted: WantedWords): string {
  if (!parseEntry(text).isLinux) return text;
  const lines = text.split('\n');
  const places = lines.flatMap((line, at) => (OPTIONS.test(line) ? [at] : []));
  const last = places.pop();
  if (last === undefined) return withOptions(text, wanted.present);
  const edit = (at: number, words: WantedWords) => {
    const [, key = '', value = '', end = ''] = OPTIONS.exec(lines[at] as string) as RegExpExecArray;
    lines[at] = `${key}${editedLine(value, words)}${end}`;
  };
  for (const at of places) edit(at, { present: [], absent: wanted.absent });
  edit(last, wanted);
  return lines.join('\n');
}

function withOptions(text: string, words: readonly string[]): string {
  if (words.length === 0) return text;
  return `${text}${text.endsWith('\n') ? '' : '\n'}options ${words.join(' ')}\n`;
}

/** The words that entries of Enterprise Linux 8 mean by `$kernelopts`; `undefined` when the block does not set them. */
export function kerneloptsOf(block: string): string | undefined {
  return KERNELOPTS.exec(block)?.[1];
}

/** The entry that was saved as the default. */
export function savedEntryOf(block: string): string | undefined {
  return /^saved_entry=(.+)$/m.exec(block)?.[1];
}

/** The block with the wanted words in `kernelopts`, of the same size; `undefined` when they do not fit. */
export function editKernelopts(block: string, wanted: WantedWords): string | undefined {
  const found = KERNELOPTS.exec(block);
  if (found === null) return block;
  const [whole, value = ''] = found;
  const edited = editedLine(value, wanted);
  if (edited === value) return block;
  const padding = /#*$/.exec(block) as RegExpExecArray;
  const body = block.slice(0, padding.index);
  const text = `${body.slice(0, found.index)}kernelopts=${edited}${body.slice(found.index + whole.length)}`;
  return text.length > BLOCK_SIZE ? undefined : text.padEnd(Math.max(block.length, BLOCK_SIZE), '#');
}

/** Most bytes that `kernelopts` may have in the block. */
export function roomIn(block = ''): number {
  return BLOCK_SIZE - block.replace(/#*$/, '').length + (kerneloptsOf(block) ?? '').length;
}

/** What the loader makes of the options of an entry. */
export function expandOptions(options: string, kernelopts: string | undefined): string {
  return kernelopts === undefined ? options : options.replaceAll(/\$\{?kernelopts\}?/g, () => kernelopts);
}

/** Newer first, as loaders sort entries without a key of their own. */
export function byVersion(a: { readonly version: string; readonly name: string }, b: typeof a): number {
  const compare = new Intl.Collator('en', { numeric: true }).compare;
  return compare(b.version, a.version) || compare(b.name, a.name);
}
