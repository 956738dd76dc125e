/** What the parser stumbled over, in the words of the person who wrote the file. */
import type { YAMLParseError, YAMLWarning } from 'yaml';
import { misplacedLine } from './indentation.ts';
import { placesOf } from './lines.ts';
import { plainText, quoted } from './quote.ts';

/** A mistake with its offset. */
export interface Fault {
  readonly at: number;
  readonly message: string;
}

type ParserFault = Pick<YAMLParseError | YAMLWarning, 'code' | 'message' | 'pos'>;

/** Faults of the parser that wrong indentation or a missing space can cause. */
const CONFUSED = new Set<ParserFault['code']>([
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'MULTILINE_IMPLICIT_KEY',
  'MISSING_CHAR',
  'UNEXPECTED_TOKEN',
]);

/** Longer lines are not written by hand. */
const LONGEST_LINE = 300;

/** What git(1) leaves in a file whose merge was not finished. */
function conflictMarker(text: string, start: number): Fault | undefined {
  const marker = /^(?:<{7}|={7}|>{7})(?=[ \r\n])/m.exec(text.slice(start));
  if (marker === null) return undefined;
  const message = `"${marker[0]}" is the mark of a merge that was not finished; keep one of the two sides and take the marks out`;
  return { at: start + marker.index, message };
}

/**
 * The mistake that caused the faults of one document, which begins at `start` of the text. Only the first: after it the
 * parser guesses.
 */
export function mistakeBehind(text: string, start: number, faults: readonly ParserFault[]): Fault | undefined {
  const [fault] = faults;
  if (fault === undefined) return undefined;
  const conflict = conflictMarker(text, start);
  if (conflict !== undefined) return conflict;
  const at = Math.min(fault.pos[0], text.length);
  const message = `not valid YAML: ${plainText(fault.message, 200)}`;
  if (fault.code === 'TAB_AS_INDENT') {
    return { at, message: 'a tab is in the indentation, and YAML takes spaces only: replace every tab by spaces' };
  }
  if (fault.message.startsWith('Missing closing')) return unclosedQuote(text, fault) ?? { at, message };
  if (fault.code === 'BAD_SCALAR_START') {
    const word = /^[^\s,]*/.exec(text.slice(at, at + LONGEST_LINE))?.[0] ?? '';
    const first = quoted(text.slice(at, at + 1));
    return { at, message: `a text cannot begin with ${first} in YAML; quote it: ${quoted(word)}` };
  }
  if (fault.message.startsWith('Missing , ')) return { at, message: 'a comma is missing before this field or value' };
  const open = /Flow (?:map|sequence).* end with a ([}\]])/.exec(fault.message)?.[1];
  if (open !== undefined) {
    return {
      at,
      message: `"${open}" is missing: ${open === '}' ? 'a mapping in "{" and "}"' : 'a list in "[" and "]"'} is not closed before here`,
    };
  }
  if (fault.message.endsWith('at node end')) {
    const rest = quoted(lineAt(text, at));
    return {
      at,
      message: `${rest} cannot stand here, where the value has ended already; quote the whole value if this is part of it`,
    };
  }
  if (!CONFUSED.has(fault.code)) return { at, message };
  return missingSpace(text, at) ?? indentation(text, start, at) ?? secondColon(text, at) ?? { at, message };
}

/** The line of an offset, and the one above it: where the parser notices is not always where the mistake is. */
function linesAround(text: string, at: number): { readonly from: number; readonly line: string }[] {
  const from = text.lastIndexOf('\n', at - 1) + 1;
  const above = from === 0 ? [] : [text.lastIndexOf('\n', from - 2) + 1];
  return [from, ...above].map((begin) => ({ from: begin, line: lineAt(text, begin) }));
}

/** What follows on the line, as far as a message needs it: a line may have a megabyte, and patterns take their time. */
function lineAt(text: string, begin: number): string {
  const end = text.indexOf('\n', begin);
  return text.slice(begin, Math.min(end === -1 ? text.length : end, begin + LONGEST_LINE)).trimEnd();
}

/** `-name: x` and `mode:Audit`. */
function missingSpace(text: string, at: number): Fault | undefined {
  for (const { from, line } of linesAround(text, at)) {
    const dash = /^(\s*)-([A-Za-z_][^\s:]*:(?:\s.*)?)$/.exec(line);
    if (dash !== null) {
      const offset = from + (dash[1] ?? '').length;
      return { at: offset, message: `a space is missing after the dash; write ${quoted(`- ${dash[2]}`)}` };
    }
    const colon = /^(\s*(?:-\s+)?)([A-Za-z][A-Za-z0-9]*):([^\s:/][^:]*|nodeprep\.dev.*)$/.exec(line);
    if (colon !== null) {
      const offset = from + (colon[1] ?? '').length;
      return {
        at: offset,
        message: `a space is missing after the colon; write ${quoted(`${colon[2]}: ${colon[3]}`)}`,
      };
    }
  }
  return undefined;
}

/** The first line of the document with a wrong indentation, unless the parser was far beyond it without a complaint. */
function indentation(text: string, start: number, at: number): Fault | undefined {
  const found = misplacedLine(text, start);
  return found === undefined || Math.abs(found.line - placesOf(text)(at).line) > 2 ? undefined : found;
}

/** `name: a: b`. */
function secondColon(text: string, at: number): Fault | undefined {
  const [here] = linesAround(text, at);
  const found = here === undefined ? null : /^(\s*(?:-\s+)?[^\s:]+:\s+)([^\s'"[{#][^#]*:(?:\s.*|))$/.exec(here.line);
  if (here === undefined || found === null) return undefined;
  const value = found[2] ?? '';
  return {
    at: here.from + (found[1] ?? '').length,
    message: `${quoted(value)} has a colon, which begins another field; quote it if it is text, or put each field on a line of its own`,
  };
}

/** The parser says where the text ended; a person looks for where the quote was opened. */
function unclosedQuote(text: string, fault: ParserFault): Fault | undefined {
  const quote = fault.message.at('Missing closing '.length) ?? '"';
  let open: number | undefined;
  for (let at = text.indexOf(quote); at !== -1 && at < fault.pos[0]; at = text.indexOf(quote, at + 1)) {
    if (open === undefined) open = /^[\s[{,:-]?$/.test(text.charAt(at - 1)) ? at : undefined;
    else if (text.charAt(at - 1) !== '\\') open = undefined;
  }
  if (open === undefined) return undefined;
  return { at: open, message: `the quote ${quote === '"' ? "'\"'" : '"\'"'} that is opened here is never closed` };
}
