/** Files whose first line is the command line, such as `cmdline.txt`. Texts hold one character per byte. Pure. */
import { editedLine, type WantedWords, wordsOf } from '../../words.ts';

/** The command line: firmware and tools read no further than the first line. */
export function firstLineOf(text: string): string {
  return (/^[^\r\n]*/.exec(text) as RegExpExecArray)[0];
}

/** The text with the wanted words in its first line; all that follows stays. */
export function editFirstLine(text: string, wanted: WantedWords): string {
  const line = firstLineOf(text);
  return `${editedLine(line, wanted)}${text.slice(line.length)}`;
}

/** The text of a file that lists words over any number of lines, as /etc/kernel/cmdline may. */
export function editWords(text: string, wanted: WantedWords): string {
  const end = text.trimEnd().length;
  return `${editedLine(text.slice(0, end), wanted)}${text.slice(end)}`;
}

/** Whether the words that find the root file system are the same in both, of which neither may be lost. */
export function hasSameRoot(before: string, after: string): boolean {
  const rootOf = (line: string) => wordsOf(line).filter((word) => /^(?:root|ostree|rd\.[^=]*)=/.test(word));
  return rootOf(before).join(' ') === rootOf(after).join(' ');
}
