/** The steps from what is observed to what is declared. Pure. */
import type { Change, EntryView, Finding, Memory, Plan } from '../../area.ts';
import type { Desired } from '../desired.ts';
import type { BootLoader, LoaderState } from '../loaders/loader.ts';
import { loaderNamed } from '../loaders/loaders.ts';
import type { Observed } from '../observe/observe.ts';
import { differenceOf, editedLine, type WantedWords } from '../words.ts';
import { type BootEdit, bootEdit } from './edit.ts';
import {
  conflictOf,
  imageFinding,
  leftFinding,
  lengthFinding,
  loaderFindings,
  quoteFinding,
  unclearLeft,
  unclearLoader,
} from './findings.ts';
import { absentKey, fileKey, presentKey, rebootKey, wantedBefore } from './keys.ts';
import { rebootsOf } from './reboots.ts';
import { isInForce, loaderOf, type ParameterState, statesOf } from './states.ts';
import { type BootStep, desiredText, liveText, rebootMemo, writeMemos, type WriteStep } from './steps.ts';

const NOTHING: WantedWords = { present: [], absent: [] };

/** Plans the area. Pure. */
export function planBoot(desired: Desired, observed: Observed, memory: Memory): Plan<BootStep> {
  const states = statesOf(desired, observed);
  const entries = states.map(viewOf);
  const used = loaderOf(observed);
  if (used === undefined) return withoutLoader(states, entries, observed, memory);
  const [loader, { state }] = [loaderNamed(used.name), used];
  const conflicts: Finding[] = [];
  const reachable: ParameterState[] = [];
  for (const one of states) {
    const conflict = isNeeded(one, memory) ? conflictOf(one, state) : undefined;
    if (conflict !== undefined) conflicts.push(conflict);
    else if (isNeeded(one, memory)) reachable.push(one);
  }
  const wanted = wantedOf(reachable);
  const edit = bootEdit(loader, state, wanted, memory);
  const outstanding = reachable.filter(({ nextBoot }) => nextBoot !== true);
  const isDue = edit.files.length > 0 || outstanding.length > 0 || isUndone(edit);
  const reboots = rebootsOf(states, observed, memory);
  const isReboot = (key: string) => key.startsWith(rebootKey(''));
  // Of words that are still there, the step that takes them away forgets the records.
  const spent = spentKeys(states, wanted, memory).filter((key) => !isDue || isReboot(key));
  const plan = { entries, blocked: reboots.blocked, conflicts, left: leftOf(memory, wanted, observed), spent };
  if (!isDue) return { ...plan, steps: reboots.steps };
  const blocked = obstacles(outstanding.length > 0 ? outstanding : reachable, {
    loader,
    state,
    wanted,
    edit,
    observed,
  });
  if (blocked.length > 0) {
    const isConflict = state.problem?.reason === 'Conflict';
    const found = isConflict
      ? { conflicts: [...conflicts, ...blocked] }
      : { blocked: [...reboots.blocked, ...blocked] };
    return { ...plan, ...found, steps: reboots.steps };
  }
  // What only goes is tried in any case: a failure says why it stays.
  const step = writeStep(outstanding, { loader, state, wanted, edit, observed, memory });
  return { ...plan, steps: [step, ...reboots.steps] };
}

interface Context {
  readonly loader: BootLoader;
  readonly state: LoaderState;
  readonly wanted: WantedWords;
  readonly edit: BootEdit;
  readonly observed: Observed;
}

/** A word that the kernel does without, or that others brought to the next boot, is not written; one that is ours already stays. */
function isNeeded({ isMet, entry, word, nextBoot, sources }: ParameterState, memory: Memory): boolean {
  if (memory.has(entry.state === 'Present' ? presentKey(word) : absentKey(word))) return true;
  const isOfOthers = sources.length > 0 && !sources.some(({ isOurs }) => isOurs);
  return !isMet && !(entry.state === 'Present' && nextBoot === true && isOfOthers);
}

function wantedOf(states: readonly ParameterState[]): WantedWords {
  const named = (state: 'Present' | 'Absent') =>
    states.filter(({ entry }) => entry.state === state).map(({ word }) => word);
  return { present: named('Present'), absent: named('Absent') };
}

function isUndone({ undone }: BootEdit): boolean {
  return undone.present.length + undone.absent.length > 0;
}

function obstacles(states: readonly ParameterState[], { loader, state, wanted, edit, observed }: Context): Finding[] {
  if (state.problem !== undefined) return loaderFindings(states, loader, state, wanted);
  if (edit.commands.length > 0 && observed.kernel !== 'running')
    return states.map((one) => imageFinding(one, loader, wanted));
  const lines = state.entries.map(({ commandLine }) => editedLine(commandLine, wanted));
  // A quote that is never closed would swallow every word behind it.
  if (lines.some((line) => differenceOf(line, wanted).missing.length > 0)) return states.map(quoteFinding);
  const isTooLong = lines.some((line) => Buffer.byteLength(line) > state.longest);
  return isTooLong ? states.map((one) => lengthFinding(one, state.longest)) : [];
}

function writeStep(outstanding: readonly ParameterState[], context: Context & { readonly memory: Memory }): WriteStep {
  const { loader, state, wanted, edit, observed, memory } = context;
  const { files, undone } = edit;
  const changes = [...outstanding.map(entryChange), ...undone.absent.map(undoneChange)];
  const isOwn = (contents: string) =>
    state.sources.some(({ isOurs }) => isOurs) && contents.startsWith('# Owned by NodePrep');
  const [first = fileChange(loader, edit), ...others] = changes;
  const bootId = observed.now?.bootId ?? '';
  const spent = spentKeys([], wanted, memory).filter((key) => !key.startsWith(rebootKey('')));
  return {
    kind: 'write',
    loader: loader.name,
    ...edit,
    wanted,
    // What stands there but is not in the next boot was never proved.
    fallback: files.length > 0 ? files : bootEdit(loader, state, NOTHING, memory).files,
    changes: [first, ...others],
    memos: [
      ...writeMemos(edit, wanted, state, memory, isOwn),
      ...(bootId === '' ? [] : outstanding.filter((one) => !isInForce(one)).map((one) => rebootMemo(one, bootId))),
    ],
    forgets: spent,
  };
}

function entryChange({ entry, word, sources }: ParameterState): Change {
  const found = sources.flatMap(({ words }) => words).at(-1);
  return {
    action: entry.state === 'Present' ? (found === undefined ? 'create' : 'update') : 'delete',
    target: entry.name,
    ...(found === undefined ? {} : { from: found }),
    to: desiredText({ entry, word }),
    scope: 'persistent',
    disruption: 'None',
  };
}

function undoneChange(word: string): Change {
  return { action: 'delete', target: word, from: word, scope: 'persistent', disruption: 'None' };
}

function fileChange({ name }: BootLoader, { files }: BootEdit): Change {
  return { action: 'update', target: files[0]?.before.path ?? name, scope: 'persistent', disruption: 'None' };
}

/** Records of words and files that are ours no longer, and of reboots that are no longer outstanding. */
function spentKeys(states: readonly ParameterState[], wanted: WantedWords, memory: Memory): string[] {
  const kept = new Set([...wanted.present.map(presentKey), ...wanted.absent.map(absentKey)]);
  const isWanted = wanted.present.length + wanted.absent.length > 0;
  const reboots = new Set(states.filter((one) => !isInForce(one)).map(({ word }) => rebootKey(word)));
  return [...memory.keys()].filter((key) => {
    if (key.startsWith(rebootKey(''))) return !reboots.has(key);
    return key.startsWith(fileKey('')) ? !isWanted : !kept.has(key);
  });
}

/** Nothing can be written. */
function withoutLoader(
  states: readonly ParameterState[],
  entries: readonly EntryView[],
  observed: Observed,
  memory: Memory,
): Plan<BootStep> {
  const names = observed.loaders.map(({ name }) => name);
  const missing = states.filter((one) => !isInForce(one));
  const isOurs = wantedBefore(memory).present.length > 0;
  return {
    entries,
    steps: [],
    blocked: unclearLoader(missing, names),
    conflicts: [],
    left: isOurs && names.length > 1 ? wantedBefore(memory).present.map(unclearLeft) : [],
    spent: states.length === 0 && (names.length === 0 || !isOurs) ? [...memory.keys()] : [],
  };
}

function leftOf(memory: Memory, wanted: WantedWords, { now }: Observed): Finding[] {
  const words = now?.words ?? [];
  const earlier = wantedBefore(memory);
  return [
    ...earlier.present
      .filter((word) => !wanted.present.includes(word) && words.includes(word))
      .map((word) => leftFinding(word, false)),
    ...earlier.absent
      .filter((word) => !wanted.absent.includes(word) && memory.get(absentKey(word))?.original.state === 'value')
      .map((word) => leftFinding(word, true)),
  ];
}

function viewOf(state: ParameterState): EntryView {
  const { entry, nextBoot, thisBoot, word } = state;
  const has = (nextBoot === true) === (entry.state === 'Present') ? word : `no ${word}`;
  return {
    name: entry.name,
    required: entry.required,
    desired: desiredText(state),
    ...(thisBoot === undefined ? {} : { live: liveText(state) }),
    ...(nextBoot === undefined ? {} : { persistent: has }),
  };
}
