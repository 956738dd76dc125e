/** The menu of U-Boot, `extlinux.conf`. Pure. */
import { editedLine, type WantedWords } from '../../words.ts';

/** One label of the menu. */
export interface ExtlinuxEntry {
  readonly label: string;
  readonly title: string;
  /** 1-based, of the line with the command line. */
  readonly line: number;
  readonly commandLine: string;
  readonly isDefault: boolean;
}

const APPEND = /^([ \t]*append[ \t]+)(.*?)([ \t\r]*)$/i;

/** The labels that start a kernel with a command line, in the order of the file. */
export function parseExtlinux(text: string): readonly ExtlinuxEntry[] {
  const lines = text.split('\n');
  const chosen = lines.map((line) => /^[ \t]*default[ \t]+(\S+)/i.exec(line)?.[1]).find((one) => one !== undefined);
  const entries: Omit<ExtlinuxEntry, 'isDefault'>[] = [];
  let [label, title] = ['', ''];
  for (const [at, line] of lines.entries()) {
    const start = /^[ \t]*label[ \t]+(\S+)/i.exec(line)?.[1];
    if (start !== undefined) [label, title] = [start, start];
    title = /^[ \t]*menu[ \t]+label[ \t]+(.*?)[ \t\r]*$/i.exec(line)?.[1] ?? title;
    const commandLine = APPEND.exec(line)?.[2];
    if (commandLine !== undefined) entries.push({ label, title, line: at + 1, commandLine });
  }
  const first = entries.some((one) => one.label === chosen) ? chosen : entries[0]?.label;
  return entries.map((one) => ({ ...one, isDefault: one.label === first }));
}

/** The menu with the wanted words in every label. */
export function editExtlinux(text: string, wanted: WantedWords): string {
  return text
    .split('\n')
    .map((line) => {
      const found = APPEND.exec(line);
      if (found === null) return line;
      const [, key = '', value = '', end = ''] = found;
      return `${key}${editedLine(value, wanted)}${end}`;
    })
    .join('\n');
}
