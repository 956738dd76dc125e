/** What is written so that the loader has exactly the wanted words, and nothing of earlier ones. Pure. */
import type { Command } from '../../../host/host.ts';
import type { Memory } from '../../area.ts';
import type { BootFile, BootLoader, LoaderState } from '../loaders/loader.ts';
import type { WantedWords } from '../words.ts';
import { absentKey, fileKey, presentKey, wantedBefore } from './keys.ts';

/** A file with what it holds before and afterwards. */
export interface FileEdit {
  readonly before: BootFile;
  readonly after: BootFile;
}

/** All of an edit. */
export interface BootEdit {
  readonly files: readonly FileEdit[];
  readonly commands: readonly Command[];
  /** Words of earlier specs that go, and of others that come back. */
  readonly undone: WantedWords;
  /** Nothing of what others wrote since our first change is in the files. */
  readonly isOurs: boolean;
}

/**
 * As long as only NodePrep has changed the files, they are made from what they were before its first change, so that
 * taking everything back leaves not one byte of it. Otherwise single words are taken back.
 */
export function bootEdit(loader: BootLoader, state: LoaderState, wanted: WantedWords, memory: Memory): BootEdit {
  const undone = undoneWords(wantedBefore(memory), wanted, memory);
  const all = {
    present: [...undone.present, ...wanted.present],
    absent: [...undone.absent, ...wanted.absent],
  };
  const isOurs = state.files.every((file) => isOursAlone(file, memory));
  const base = isOurs ? state.files.map((file) => originalOf(file, memory)) : state.files;
  const made = loader.edit({ ...state, files: base }, isOurs ? wanted : all);
  const files = state.files.flatMap((before, at): FileEdit[] => {
    const after = made.files.find(({ path }) => path === before.path) ?? base[at] ?? before;
    return after.contents === before.contents ? [] : [{ before, after: { ...before, contents: after.contents } }];
  });
  // A tool such as grubby takes the words themselves, so it needs those that go as well.
  const { commands } = isOurs ? loader.edit(state, all) : made;
  return { files, commands, undone, isOurs };
}

/** Earlier words that are no longer wanted, turned around. */
function undoneWords(earlier: WantedWords, wanted: WantedWords, memory: Memory): WantedWords {
  const gone = earlier.present.filter((word) => !wanted.present.includes(word));
  const back = earlier.absent.filter((word) => !wanted.absent.includes(word));
  const originals = [...gone.map(presentKey), ...back.map(absentKey)].flatMap((key) => {
    const original = memory.get(key)?.original;
    return original?.state === 'value' ? original.value.split(' ') : [];
  });
  return { present: originals, absent: gone };
}

/** Before our first change; a file that the ledger does not know is its own original. */
function originalOf(file: BootFile, memory: Memory): BootFile {
  const original = memory.get(fileKey(file.path))?.original;
  if (original?.state === 'absent') return { ...file, contents: undefined };
  return original?.state === 'value' ? { ...file, contents: original.value } : file;
}

/** Whether the file is the original, or what was made from it. What was made from an edit of others is never recorded. */
function isOursAlone({ path, contents }: BootFile, memory: Memory): boolean {
  const known = memory.get(fileKey(path));
  if (known === undefined) return true;
  const { original, wrote } = known;
  if (contents === undefined) return original.state === 'absent';
  return wrote.includes(contents) || (original.state === 'value' && original.value === contents);
}
