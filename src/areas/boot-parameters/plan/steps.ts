/** The steps of this area, and the words in which their changes are shown. Pure. */
import type { Change, Memo, Memory, Original, Step } from '../../area.ts';
import type { LoaderState } from '../loaders/loader.ts';
import { identityOf, isUnwanted, type WantedWords, wordsOf } from '../words.ts';
import type { BootEdit } from './edit.ts';
import { absentKey, fileKey, hasFiles, presentKey, rebootKey } from './keys.ts';
import type { ParameterState } from './states.ts';

/** Writes the files of a loader, runs its tools, and proves what came of it. */
export interface WriteStep extends Step, BootEdit {
  readonly kind: 'write';
  readonly loader: string;
  readonly wanted: WantedWords;
  /** Where files go when a proof fails: back, or to nothing of ours when what is there was never proved. */
  readonly fallback: BootEdit['files'];
}

/** Makes no change: its record says since which boot a reboot is outstanding. */
export interface NoteStep extends Step {
  readonly kind: 'note';
}

/** Made by the reboot. */
export interface RebootStep extends Step {
  readonly kind: 'reboot';
}

/** One action of the area. */
export type BootStep = WriteStep | NoteStep | RebootStep;

/** What a parameter is in words, of an entry that must be there and of one that must not. */
export function desiredText({ entry, word }: Pick<ParameterState, 'entry' | 'word'>): string {
  return entry.state === 'Present' ? word : `no ${word}`;
}

/**
 * The memos of a write step; the originals are the files and lines as they are now. The first step records files that need no
 * change as well. Those that come later, such as the entry of a new kernel, may have our words from the start: what
 * they are without them is not known, so they are never recorded.
 */
export function writeMemos(
  { files, undone }: BootEdit,
  wanted: WantedWords,
  state: LoaderState,
  memory: Memory,
  isOwn: (contents: string) => boolean,
): Memo[] {
  const settings = state.sources.filter(({ isEditable, isOurs }) => isEditable && !isOurs);
  // An entry may be edited itself, with words that no setting has.
  const entries = state.entries.filter(({ file }) => state.files.some(({ path }) => path === file));
  const words = [
    ...settings.flatMap((source) => source.words),
    ...entries.flatMap(({ commandLine }) => wordsOf(commandLine)),
  ];
  const originalOf = (found: readonly string[]): Original =>
    found.length === 0 ? { state: 'absent' } : { state: 'value', value: [...new Set(found)].join(' ') };
  // A word of an earlier spec stands for what was there before it.
  const originalsOf = (word: string): readonly string[] => {
    const original = memory.get(presentKey(word))?.original;
    if (original === undefined) return [word];
    return original.state === 'value' ? original.value.split(' ') : [];
  };
  const edits = new Map(files.map((edit) => [edit.before.path, edit]));
  const recorded = state.files.filter(({ path }) => !hasFiles(memory) || memory.has(fileKey(path)));
  return [
    ...recorded.map((before): Memo => {
      const { after, isOurs } = edits.get(before.path) ?? { after: before, isOurs: true };
      return {
        key: fileKey(before.path),
        original:
          before.contents === undefined || isOwn(before.contents)
            ? { state: 'absent' }
            : { state: 'value', value: before.contents },
        ...(isOurs && after.contents !== undefined ? { wrote: after.contents } : {}),
      };
    }),
    ...wanted.present.map((word): Memo => {
      const last = words.findLast((one) => identityOf(one) === identityOf(word));
      // What an earlier spec took off the line was there before this one.
      const taken = undone.present.filter((one) => identityOf(one) === identityOf(word));
      return { key: presentKey(word), original: originalOf(last === undefined ? taken : originalsOf(last)) };
    }),
    ...wanted.absent.map((word): Memo => {
      const found = words.filter((one) => isUnwanted(word, one)).flatMap(originalsOf);
      const taken = undone.present.filter((one) => isUnwanted(word, one));
      return { key: absentKey(word), original: originalOf([...found, ...taken]) };
    }),
  ];
}

/** The record that a reboot is outstanding since this boot. */
export function rebootMemo({ word }: Pick<ParameterState, 'word'>, bootId: string): Memo {
  return { key: rebootKey(word), original: { state: 'absent' }, wrote: bootId };
}

/** The step that the next reboot makes. */
export function rebootStep(state: ParameterState): RebootStep {
  const { entry, effect } = state;
  const isHierarchy = effect?.about === 'cgroup hierarchy';
  const change: Change = {
    action: 'update',
    target: entry.name,
    from: liveText(state),
    to: desiredText(state),
    scope: 'live',
    disruption: 'Reboot',
  };
  return { kind: 'reboot', changes: [change], reason: isHierarchy ? 'CgroupVersion' : 'BootParameters' };
}

/** The step that records the boot in which a reboot became outstanding that nothing of ours asked for. */
export function noteStep(state: ParameterState, bootId: string): NoteStep {
  const change: Change = {
    action: 'update',
    target: state.entry.name,
    from: 'reboot outstanding',
    to: 'reboot outstanding, and recorded since when',
    scope: 'persistent',
    disruption: 'None',
  };
  return { kind: 'note', changes: [change], memos: [rebootMemo(state, bootId)] };
}

/** What this boot has, in the words of `desiredText`. */
export function liveText({ entry, word, thisBoot, effect, isMet }: ParameterState): string {
  if (isMet) return `${desiredText({ entry, word })} (effect)`;
  const has = (thisBoot === true) === (entry.state === 'Present') ? word : `no ${word}`;
  return thisBoot === true && effect?.holds === false ? `${has}, without effect` : has;
}
