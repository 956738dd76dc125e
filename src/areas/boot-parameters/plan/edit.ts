/** What is written so that the loader has exactly the wanted words, and nothing of earlier ones. Pure. */
import type { Command } from '../../../host/host.ts';
import type { Memory } from '../../area.ts';
import type { BootFile, BootLoader, LoaderState } from '../loaders/loader.ts';
import { identityOf, isUnwanted, type WantedWords } from '../words.ts';
import { absentKey, fileKey, hasFiles, presentKey, wantedBefore, wasThere } from './keys.ts';

/** A file with what it holds before and afterwards. */
export interface FileEdit {
  readonly before: BootFile;
  readonly after: BootFile;
  /** Nothing of what others wrote since our first change is in it. */
  readonly isOurs: boolean;
}

/** All of an edit. */
export interface BootEdit {
  readonly files: readonly FileEdit[];
  readonly commands: readonly Command[];
  /** Words of earlier specs that go, and of others that come back. */
  readonly undone: WantedWords;
}

/**
 * As long as only NodePrep has changed a file, it is made from what it was before the first change, so that taking
 * everything back leaves not one byte of it. From a file that others changed, or that came since, such as the entry of
 * a new kernel, single words are taken back.
 */
export function bootEdit(loader: BootLoader, state: LoaderState, wanted: WantedWords, memory: Memory): BootEdit {
  const undone = undoneWords(wantedBefore(memory), wanted, memory);
  const all = {
    // What was there before is not brought back against what is wanted now.
    present: [...undone.present.filter((word) => !isDecided(word, wanted)), ...wanted.present],
    absent: [...undone.absent, ...wanted.absent],
  };
  const base = state.files.map((file) => (isOursAlone(file, memory) ? originalOf(file, memory) : file));
  const made = loader.edit({ ...state, files: base }, wanted);
  // A tool such as rpm-ostree takes the words themselves, so it needs those that go as well.
  const byWords = loader.edit(state, all);
  const files = state.files.flatMap((before, at): FileEdit[] => {
    const isOurs = isOursAlone(before, memory);
    const [edit, unchanged] = isOurs ? [made, base[at]] : [byWords, before];
    const { contents } = edit.files.find(({ path }) => path === before.path) ?? unchanged ?? before;
    return contents === before.contents ? [] : [{ before, after: { ...before, contents }, isOurs }];
  });
  return { files, commands: byWords.commands, undone };
}

/** Earlier words that are no longer wanted, turned around. */
function undoneWords(earlier: WantedWords, wanted: WantedWords, memory: Memory): WantedWords {
  // A word that stood somewhere before it was declared stays with those who wrote it.
  const gone = earlier.present.filter((word) => !wanted.present.includes(word) && !wasThere(word, memory));
  const back = earlier.absent.filter((word) => !wanted.absent.includes(word));
  const originals = [...gone.map(presentKey), ...back.map(absentKey)].flatMap((key) => {
    const original = memory.get(key)?.original;
    return original?.state === 'value' ? original.value.split(' ') : [];
  });
  return { present: originals, absent: gone };
}

function isDecided(word: string, { present, absent }: WantedWords): boolean {
  return (
    absent.some((unwanted) => isUnwanted(unwanted, word)) || present.some((one) => identityOf(one) === identityOf(word))
  );
}

/** Before our first change. */
function originalOf(file: BootFile, memory: Memory): BootFile {
  const original = memory.get(fileKey(file.path))?.original;
  if (original?.state === 'absent') return { ...file, contents: undefined };
  return original?.state === 'value' ? { ...file, contents: original.value } : file;
}

/** Whether the file is the original, or what was made from it. What was made from an edit of others is never recorded. */
function isOursAlone({ path, contents }: BootFile, memory: Memory): boolean {
  const known = memory.get(fileKey(path));
  // Before the first change every file is the original; the files of that moment are all recorded with it.
  if (known === undefined) return !hasFiles(memory);
  const { original, wrote } = known;
  if (contents === undefined) return original.state === 'absent';
  return wrote.includes(contents) || (original.state === 'value' && original.value === contents);
}
