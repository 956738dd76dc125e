/** Says all there is to say about one kernel parameter of the boot: its four states with file and line. Pure. */
import { plainBootName } from '../../api/names/boot-parameters.ts';
import type { Explanation, Source } from '../area.ts';
import { type Desired, wordOf } from './desired.ts';
import { bootKnowledge } from './knowledge.ts';
import { COMMAND_LINE } from './observe/kernel-facts.ts';
import type { Observed } from './observe/observe.ts';
import { effectOf } from './plan/effects.ts';
import { absentKey, presentKey, rebootKey } from './plan/keys.ts';
import { loaderOf, statesOf } from './plan/states.ts';
import { desiredText, liveText } from './plan/steps.ts';
import { isUnwanted, wordsOf } from './words.ts';

/** Explains an entry by its canonical name, declared or not. */
export function explainBoot(entry: string, desired: Desired, observed: Observed): Explanation | undefined {
  const [parameter = '', ...rest] = entry.replace(/^boot\./, '').split('=');
  const value = rest.join('=');
  const declared =
    desired.find(({ name, required }) => name === entry && required) ??
    desired.find((one) => one.name === entry) ??
    desired.find((one) => plainBootName(one.parameter) === plainBootName(parameter));
  const one = declared ?? { name: entry, parameter, value, state: 'Present' as const, required: false };
  const [state] = statesOf([one], observed);
  if (state === undefined) return undefined;
  const knowledge = bootKnowledge(plainBootName(parameter));
  const effect = observed.now === undefined ? undefined : effectOf(one, observed.now);
  const { notes = [], ...texts } = knowledge;
  const used = loaderOf(observed);
  return {
    name: `boot.${one.name}`,
    ...texts,
    ...(declared === undefined ? {} : { desired: desiredText(state) }),
    ...(observed.now === undefined ? {} : { live: liveText(state) }),
    sources: sourcesOf(wordOf(one), observed),
    memoryKeys: [presentKey(state.word), absentKey(state.word), rebootKey(state.word)],
    notes: [
      ...(used === undefined ? [] : [`This machine starts by ${used.name}.`]),
      ...(effect === undefined ? [] : [`Effect: ${effect.looked} shows ${effect.found}.`]),
      ...notes,
    ],
  };
}

/** Settings of the loader, then what the next boot reads, then what this one has. */
function sourcesOf(word: string, observed: Observed): readonly Source[] {
  const state = loaderOf(observed)?.state;
  const name = word.split('=')[0] ?? word;
  const found = (words: readonly string[]) => words.findLast((one) => isUnwanted(name, one));
  const settings = (state?.sources ?? []).flatMap(({ file, line, words }): Source[] => {
    const value = found(words);
    return value === undefined ? [] : [{ file, ...(line === undefined ? {} : { line }), value, wins: false }];
  });
  const entries = (state?.entries ?? []).map(({ file, line, commandLine, isDefault, title }): Source => {
    const value = found(wordsOf(commandLine)) ?? `no ${name}`;
    return { file, ...(line === undefined ? {} : { line }), value, wins: isDefault, note: `next boot, ${title}` };
  });
  const now =
    observed.now === undefined
      ? []
      : [{ file: COMMAND_LINE, value: found(observed.now.words) ?? `no ${name}`, wins: true, note: 'this boot' }];
  return [...settings, ...entries.slice(0, 4), ...now];
}
