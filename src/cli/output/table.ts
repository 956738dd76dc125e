/** Plain tables for terminals: aligned columns, colour only where it carries meaning. */
import { stripVTControlCharacters, styleText } from 'node:util';

/** Colours text or leaves it alone, decided once per command. */
export type Paint = (style: 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan', text: string) => string;

/** A `Paint` that honours the terminal's wish. */
export function paintFor(color: boolean): Paint {
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

const GAP = '  ';
/** What a terminal that does not tell its width (a serial console says 0) is taken for. */
const DEFAULT_COLUMNS = 80;

/** A column that may become narrower, never below `least`, and how its cells are cut to a width. */
export interface Shrinking {
  readonly column: number;
  readonly least: number;
  readonly shorten: (cell: string, room: number) => string;
}

/**
 * Rows below a bold header, padded to the widest cell; the last column is never padded. To fit into
 * `columns`, the columns named in `shrinking` are cut, the first one first.
 */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
  columns = Number.POSITIVE_INFINITY,
  shrinking: readonly Shrinking[] = [],
): string {
  const natural = header.map((_, column) => Math.max(...[header, ...rows].map((row) => width(row[column] ?? ''))));
  const widths = shrunk(natural, columns, shrinking);
  const cut = (row: readonly string[]) =>
    row.map((cell, column) => {
      const room = widths[column] ?? 0;
      const shorten = shrinking.find((one) => one.column === column)?.shorten;
      return shorten !== undefined && width(cell) > room ? shorten(cell, room) : cell;
    });
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell)),
      )
      .join(GAP)
      .trimEnd();
  return [paint('bold', line(header)), ...rows.map((row) => line(cut(row)))].join('\n');
}

function shrunk(natural: readonly number[], columns: number, shrinking: readonly Shrinking[]): number[] {
  const widths = [...natural];
  const gaps = GAP.length * (widths.length - 1);
  let excess = widths.reduce((sum, one) => sum + one, gaps) - (columns > 0 ? columns : DEFAULT_COLUMNS);
  for (const { column, least } of shrinking) {
    const room = widths[column] ?? 0;
    const taken = Math.max(Math.min(excess, room - least), 0);
    widths[column] = room - taken;
    excess -= taken;
  }
  return widths;
}

/** Cuts out the middle: paths and names of one family differ at their end. */
export function shortenMiddle(text: string, room: number): string {
  if (text.length <= room) return text;
  const end = Math.floor((room - 1) * 0.6);
  return `${text.slice(0, Math.max(room - 1 - end, 0))}…${text.slice(text.length - end)}`;
}

/** Cuts off the end. */
export function shortenEnd(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(room - 1, 0))}…`;
}

/** Control characters of file names and values must not reach a terminal. */
export function printable(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(/[\p{Cc}\p{Cf}]/gu, '\u{FFFD}');
}

/** Text of several lines, in one: for cells of tables and lists. */
export function onOneLine(text: string): string {
  return printable(text.trim().replaceAll(/\s*\n\s*/g, ' '));
}

/** Text of several lines, each broken at blanks to fit and indented. */
export function wrapLines(text: string, columns: number, indent: string): string {
  const lines = text.trimEnd().split('\n');
  return lines.map((line) => wrap(printable(line), columns, indent)).join('\n');
}

/** Text broken at blanks to fit, every line indented. */
export function wrap(text: string, columns: number, indent: string): string {
  const room = Math.max((columns > 0 ? columns : DEFAULT_COLUMNS) - indent.length, 40);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => indent + one).join('\n');
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
