/** Finds the line whose indentation fits nothing above it, for messages: the parser only says where it stumbled. */
import { plainText } from './quote.ts';

/** A line that begins in the wrong column. */
export interface Misplaced {
  /** In the whole text, 1-based. */
  readonly line: number;
  /** Offset of its first character that is no space, in the whole text. */
  readonly at: number;
  readonly message: string;
}

/** A line as far as indentation goes. */
interface Line {
  readonly number: number;
  readonly at: number;
  readonly indent: number;
  readonly content: string;
}

/** A column in which entries or fields begin, and the first line that begins there. */
interface Level {
  readonly indent: number;
  readonly isList: boolean;
  readonly line: number;
  readonly word: string;
}

const KEY = /^(?:"[^"]*"|'[^']*'|[^\s#'"[{&*!|>%@`-][^#]*?|-[^\s#][^#]*?)\s*:(?:\s|$)/;

/**
 * The first line at or after `start`, in block style, that begins in a column where nothing can begin; `undefined` when
 * every line fits.
 */
export function misplacedLine(text: string, start = 0): Misplaced | undefined {
  let levels: Level[] = [];
  let last: Line | undefined;
  let block: number | undefined;
  for (const line of linesOf(text, start)) {
    if (block !== undefined && line.indent > block) continue;
    block = undefined;
    if (/^(?:---|\.\.\.)(?:\s|$)/.test(line.content)) {
      levels = [];
      last = undefined;
      continue;
    }
    // Between brackets every column is right.
    if (isOpen(line.content)) return undefined;
    const begins = beginningsOf(line);
    const [first] = begins;
    // Neither an entry nor a field: the continuation of a text, or something that the parser judges.
    if (first === undefined) continue;
    const top = levels.at(-1);
    if (top !== undefined && !fits(first, levels, last)) return misplaced(line, first, levels);
    levels = [...levels.filter((level) => level.indent < first.indent || isEntriesOf(level, first)), ...begins];
    if (/(?:^|[\s:-])[|>][-+0-9]*\s*(?:#.*)?$/.test(line.content)) block = begins.at(-1)?.indent;
    last = line;
  }
  return undefined;
}

/** Entries of a list may begin in the column of its field. */
function isEntriesOf(level: Level, first: Level): boolean {
  return level.indent === first.indent && !level.isList && first.isList;
}

function fits(first: Level, levels: readonly Level[], last: Line | undefined): boolean {
  const top = levels.at(-1);
  if (top === undefined || last === undefined) return true;
  if (first.indent > top.indent) return /:\s*(?:#.*)?$/.test(last.content) || /-\s*(?:#.*)?$/.test(last.content);
  // The entries of a list may begin in the column of a field that has nothing below it yet.
  return levels.some(
    (level) => level.indent === first.indent && (level.isList === first.isList || (first.isList && level === top)),
  );
}

function misplaced(line: Line, first: Level, levels: readonly Level[]): Misplaced {
  const distance = (level: Level) => Math.abs(level.indent - first.indent);
  const sorted = levels.toSorted((a, b) => distance(a) - distance(b) || b.line - a.line);
  const meant = sorted.find((level) => level.isList === first.isList) ?? sorted[0] ?? first;
  const [off, what] = [
    first.indent - meant.indent,
    first.isList ? 'the entries of a list' : 'fields that belong together',
  ];
  const much = `${spaces(Math.abs(off))} too ${off > 0 ? 'many' : 'few'}`;
  const message = `the indentation is wrong: "${first.word}" is indented by ${spaces(first.indent)}, and "${meant.word}" on line ${meant.line} by ${meant.indent === 0 ? 'none' : meant.indent}; ${what} begin in one column, so this is ${much}`;
  return { line: line.number, at: line.at, message };
}

function spaces(count: number): string {
  return count === 0 ? 'no space' : `${count} ${count === 1 ? 'space' : 'spaces'}`;
}

/** Whether more brackets are opened than closed, outside of quotes. */
function isOpen(content: string): boolean {
  const bare = content.replaceAll(/"[^"]*"|'[^']*'|#.*$/g, '');
  return bare.split(/[{[]/).length > bare.split(/[}\]]/).length;
}

/** `- - name: x` begins two lists and a field. */
function beginningsOf({ content, indent, number }: Line): Level[] {
  const levels: Level[] = [];
  let [rest, at] = [content, indent];
  for (let dash = /^-(?:\s+|$)/.exec(rest); dash !== null; dash = /^-(?:\s+|$)/.exec(rest)) {
    levels.push({ indent: at, isList: true, line: number, word: plainText(rest, 40) });
    rest = rest.slice(dash[0].length);
    at += dash[0].length;
  }
  // Patterns take their time on a line of a megabyte.
  const key = KEY.exec(rest.slice(0, 300))?.[0];
  if (key !== undefined) {
    const word = plainText(key.trimEnd().slice(0, -1).trimEnd(), 40);
    levels.push({ indent: at, isList: false, line: number, word });
  }
  return levels;
}

/** Lines with something on them, without comments. Tabs are another mistake, which the parser names. */
function linesOf(text: string, start: number): Line[] {
  const firstNumber = text.slice(0, start).split('\n').length;
  let at = start;
  return text
    .slice(start)
    .split('\n')
    .flatMap((raw, index) => {
      const content = raw.trim();
      const indent = raw.length - raw.trimStart().length;
      const line = { number: firstNumber + index, at: at + indent, indent, content };
      at += raw.length + 1;
      return content === '' || content.startsWith('#') ? [] : [line];
    });
}
