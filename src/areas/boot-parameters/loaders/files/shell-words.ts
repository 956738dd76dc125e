/** Assignments of words in files that a shell reads, such as /etc/default/grub. Pure. */
import { editedLine, type WantedWords, wordsOf } from '../../words.ts';

/** One assignment of a variable. */
export interface Assignment {
  /** 1-based. */
  readonly line: number;
  /** Without quotes; what a shell would expand in it stays as it stands. */
  readonly value: string;
  /** One quoted text without anything that the shell expands, so words in it can be changed. */
  readonly isPlain: boolean;
}

/** Every assignment of the variable, in the order of the file. */
export function assignmentsOf(text: string, variable: string): readonly Assignment[] {
  const pattern = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${variable}=(.*?)[ \\t\\r]*$`);
  return text.split('\n').flatMap((line, at) => {
    const given = pattern.exec(line)?.[1];
    if (given === undefined) return [];
    const plain = /^"([^"\\$`]*)"$|^'([^']*)'$|^([^\s"'\\$`;#&|<>()]*)$/.exec(given);
    const value = plain?.[1] ?? plain?.[2] ?? plain?.[3] ?? given.replace(/^["'](.*)["']$/, '$1');
    return [{ line: at + 1, value, isPlain: plain !== null && plain[3] === undefined }];
  });
}

/** The text with the wanted words in the last assignment of the variable, when that is plain. */
export function editAssignment(text: string, variable: string, wanted: WantedWords): string {
  const last = assignmentsOf(text, variable).at(-1);
  if (last === undefined || !last.isPlain) return text;
  return text
    .split('\n')
    .map((line, at) => {
      if (at !== last.line - 1) return line;
      const start = line.indexOf(last.value, line.indexOf('=') + 2);
      return line.slice(0, start) + editedLine(last.value, wanted) + line.slice(start + last.value.length);
    })
    .join('\n');
}

/** The words of an assignment, without the variables that it takes over. */
export function wordsIn({ value }: Assignment): readonly string[] {
  return wordsOf(value.replaceAll(/\$\{[^}]*\}|\$\w+/g, ' '));
}
