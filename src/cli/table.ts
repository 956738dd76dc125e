/** Plain tables for terminals: aligned columns, colour only where it carries meaning. */
import { stripVTControlCharacters, styleText } from 'node:util';

/** Colours text or leaves it alone, decided once per command. */
export type Paint = (style: 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan', text: string) => string;

/** A `Paint` that honours the terminal's wish. */
export function paintFor(color: boolean): Paint {
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

/** Rows below a bold header, padded to the widest cell; the last column is never padded. */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell)),
      )
      .join('   ')
      .trimEnd();
  return [paint('bold', line(header)), ...rows.map(line)].join('\n');
}

/** Control characters of file names and values must not reach a terminal. */
export function printable(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(/[\p{Cc}\p{Cf}]/gu, '\u{FFFD}');
}

/** Text broken at blanks to fit, every line indented. */
export function wrap(text: string, columns: number, indent: string): string {
  const room = Math.max(columns - indent.length, 40);
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
