/** Where one declared parameter stands: in files, in the next boot, in this one, and in its effect. Pure. */
import type { BootParameterEntry } from '../../../api/parts/boot-parameters.ts';
import { type Desired, wordOf } from '../desired.ts';
import type { LoaderSource, LoaderState } from '../loaders/loader.ts';
import type { Observed } from '../observe/observe.ts';
import { hasWord, isUnwanted, wordsOf } from '../words.ts';
import { type Effect, effectOf } from './effects.ts';

/** The four states of an entry; each is whether it is as declared, absent when it cannot be seen. */
export interface ParameterState {
  readonly entry: BootParameterEntry;
  readonly word: string;
  /** Files that have a word of it. */
  readonly sources: readonly LoaderSource[];
  readonly nextBoot?: boolean;
  readonly thisBoot?: boolean;
  readonly effect?: Effect;
  /** The kernel has what the parameter is for, whatever the command line says. */
  readonly isMet: boolean;
}

/** The loader that boots the host; `undefined` when none is known, or several are in use. */
export function loaderOf({ loaders }: Observed): Observed['loaders'][number] | undefined {
  return loaders.length === 1 ? loaders[0] : undefined;
}

/** The states of all declared entries. */
export function statesOf(desired: Desired, observed: Observed): readonly ParameterState[] {
  const state = loaderOf(observed)?.state;
  return desired.map((entry) => stateOf(entry, state, observed));
}

function stateOf(entry: BootParameterEntry, state: LoaderState | undefined, { now }: Observed): ParameterState {
  const word = wordOf(entry);
  const isAsDeclared = (words: readonly string[]) =>
    entry.state === 'Present' ? hasWord(words, word) : !words.some((one) => isUnwanted(word, one));
  const entries = state?.entries ?? [];
  const thisBoot = now === undefined ? undefined : isAsDeclared(now.words);
  const effect = now === undefined ? undefined : effectOf(entry, now);
  return {
    entry,
    word,
    sources: (state?.sources ?? []).filter(({ words }) => words.some((one) => isUnwanted(word, one))),
    ...(entries.length === 0 ? {} : { nextBoot: entries.every((one) => isAsDeclared(wordsOf(one.commandLine))) }),
    ...(thisBoot === undefined ? {} : { thisBoot }),
    ...(effect === undefined ? {} : { effect }),
    isMet: thisBoot === false && effect?.holds === true && effect.isFromStart,
  };
}

/** Whether this boot has what is declared. */
export function isInForce({ thisBoot, effect, isMet }: ParameterState): boolean {
  return isMet || (thisBoot === true && effect?.holds !== false);
}
