/** Reads the settings of grub-mkconfig as far as they make the command line. Pure. */
import { wordsOf } from '../words.ts';
import type { LoaderSource } from './loader.ts';

/** Words that one file gives to one variable. */
export interface GrubAssignment {
  readonly file: string;
  readonly line: number;
  readonly variable: 'GRUB_CMDLINE_LINUX' | 'GRUB_CMDLINE_LINUX_DEFAULT';
  readonly words: readonly string[];
  /** It adds to what was there; otherwise what files before it say is lost. */
  readonly isAddition: boolean;
}

const ASSIGNMENT = /^\s*(?:export\s+)?(GRUB_CMDLINE_LINUX(?:_DEFAULT)?)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s;#]*))/;

/** The assignments in a file, in their order. */
export function grubAssignments(text: string, file: string): readonly GrubAssignment[] {
  return text.split('\n').flatMap((line, at): GrubAssignment[] => {
    const [, variable, double, single, bare] = ASSIGNMENT.exec(line) ?? [];
    if (variable !== 'GRUB_CMDLINE_LINUX' && variable !== 'GRUB_CMDLINE_LINUX_DEFAULT') return [];
    const value = double ?? single ?? bare ?? '';
    const itself = new RegExp(`\\$(?:${variable}(?![A-Z_])|\\{${variable}(?![A-Z_]))`);
    // What a variable or a command adds is not seen here; the entries of grub.cfg show it.
    const plain = value.replaceAll(/\$\{[^}]*\}|\$\([^)]*\)|\$\w+/g, ' ').replaceAll(/[{}]/g, ' ');
    const isAddition = single === undefined && itself.test(value);
    return [{ file, line: at + 1, variable, words: wordsOf(plain), isAddition }];
  });
}

/** What is left of all assignments, in the order of the command line; ours is there even while it has no words. */
export function grubSources(assignments: readonly GrubAssignment[], own: string): readonly LoaderSource[] {
  const ofVariable = (variable: GrubAssignment['variable']) => {
    const all = assignments.filter((one) => one.variable === variable);
    const from = all.findLastIndex(({ isAddition }) => !isAddition);
    return all
      .slice(Math.max(from, 0))
      .filter(({ file }) => file !== own)
      .map(({ file, line, words }): LoaderSource => ({ file, line, words, isOurs: false, isEditable: false }));
  };
  const ours = assignments.filter(({ file }) => file === own);
  const source: LoaderSource = {
    file: own,
    words: ours.flatMap(({ words }) => words),
    isOurs: true,
    isEditable: true,
  };
  const linux = ofVariable('GRUB_CMDLINE_LINUX');
  const later = linux.filter(({ file }) => isAfter(file, own));
  const earlier = linux.filter((one) => !later.includes(one));
  return [...earlier, source, ...later, ...ofVariable('GRUB_CMDLINE_LINUX_DEFAULT')];
}

/** The assignment of a later file by which ours is lost; `undefined` when none does that. */
export function replacedBy(assignments: readonly GrubAssignment[], own: string): GrubAssignment | undefined {
  return assignments.findLast(
    ({ file, variable, isAddition }) => variable === 'GRUB_CMDLINE_LINUX' && !isAddition && isAfter(file, own),
  );
}

/** Whether grub-mkconfig reads a file after ours: all of /etc/default/grub.d come after /etc/default/grub, in byte order. */
function isAfter(file: string, own: string): boolean {
  return file.startsWith('/etc/default/grub.d/') && file > own;
}
