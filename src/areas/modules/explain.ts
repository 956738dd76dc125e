/** Says all there is to say about one kernel module. Pure. */
import type { Explanation, Source } from '../area.ts';
import type { Desired } from './desired.ts';
import { type ModuleKnowledge, knowledgeOf } from './knowledge.ts';
import type { Observed } from './observe/observe.ts';
import { blockOf } from './apply/obstacles.ts';
import { parseParameters, renderParameters } from './parameters.ts';
import { kernelName } from './observe/parse.ts';
import { fileKey, liveKey, LOAD_FILE, OPTIONS_FILE } from './plan/own-files.ts';

const UNKNOWN: ModuleKnowledge = {
  why: 'NodePrep has no text about this module; Kubernetes itself does not ask for it.',
  breaks: 'Whatever was installed on this node and asks for it.',
  symptom: 'Depends on the program that needs it; "modinfo" says what the module is for.',
  askedBy: [],
};

/** Explains a module in either spelling; `undefined` when neither the host nor the texts know it. */
export function explainModule(entry: string, desired: Desired, observed: Observed): Explanation | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(entry)) return undefined;
  const name = kernelName(entry);
  const declared = desired.entries.find((one) => one.name === name);
  const known = knowledgeOf(name);
  const sources = sourcesOf(name, observed);
  const presence = observed.modules.get(name)?.presence ?? presenceFrom(name, observed);
  if (declared === undefined && known === undefined && sources.length === 0 && presence === 'absent') return undefined;
  const isOnDisk = observed.trees.some(({ loadable, aliases }) => loadable?.has(name) === true || aliases.has(name));
  const isUnknown = known === undefined && sources.length === 0 && presence === 'absent' && !isOnDisk;
  const { notes: knownNotes = [], ...texts } = known ?? UNKNOWN;
  const parameters = observed.modules.get(name)?.parameters ?? new Map();
  const shown = [...parameters].map(([parameter, { value }]) => `${parameter}=${value}`);
  const block = blockOf(name, observed);
  const live = presence === 'effect' ? 'present (effect)' : presence;
  return {
    name,
    ...(isUnknown ? { isUnknown } : {}),
    ...texts,
    ...(declared === undefined
      ? {}
      : { desired: ['loaded', renderParameters(declared.parameters)].filter(Boolean).join(', ') }),
    ...(observed.kernel === 'absent' ? {} : { live: [live, ...shown].join(', ') }),
    sources,
    memoryKeys: [
      liveKey(name),
      ...Object.keys(declared?.parameters ?? {}).map((parameter) => liveKey(name, parameter)),
    ],
    changeKeys: [LOAD_FILE, OPTIONS_FILE].filter((path) => sources.some(({ file }) => file === path)).map(fileKey),
    notes: [
      ...knownNotes,
      ...(presence === 'built-in' || presence === 'effect' ? ['It is part of this kernel: no boot can miss it.'] : []),
      ...(block === undefined ? [] : [`It would not be loaded: ${block.why}. ${block.next}`]),
    ],
  };
}

/** A module that is not declared was not looked at one by one, but the lists name it. */
function presenceFrom(name: string, { facts, trees }: Observed): 'loaded' | 'built-in' | 'absent' {
  if (trees.some((tree) => tree.builtIn.has(name))) return 'built-in';
  if (facts.loaded?.has(name) === true) return 'loaded';
  if (!facts.shown.has(name)) return 'absent';
  return facts.loaded === undefined ? 'built-in' : 'loaded';
}

/** Every line that names the module, in the order in which the boot reads them. */
function sourcesOf(name: string, { facts, directives, listed }: Observed): Source[] {
  const blacklists = directives.filter((line) => line.directive === 'blacklist' && line.module === name);
  const install = directives.find((line) => line.directive === 'install' && line.module === name);
  const options = directives.filter((line) => line.directive === 'options' && line.module === name);
  const isBlocked = blacklists.length > 0;
  const fromBoot = facts.commandLine
    .filter((word) => isAbout(word, name))
    .map((word): Source => ({ file: '/proc/cmdline', value: `${word.name}=${word.value}`, wins: true }));
  const fromConfig = directives
    .filter((line) => line.module === name && line.directive !== 'alias')
    .map(
      (line): Source => ({
        file: line.file,
        line: line.line,
        value: `${line.directive} ${line.rest}`.trim(),
        // kmod takes the first install line, and the last value of a parameter that is given twice.
        wins:
          line.directive === 'install'
            ? line === install
            : line.directive === 'blacklist' || !isOverridden(line, options),
      }),
    );
  const fromLists = listed
    .filter((line) => line.name === name)
    .map(
      (line): Source => ({
        file: line.file,
        line: line.line,
        value: 'load at boot',
        wins: !isBlocked,
        ...(isBlocked ? { note: 'skipped: the module is blacklisted' } : {}),
      }),
    );
  return [...fromBoot, ...fromConfig, ...fromLists];
}

/** Words of the kernel command line whose value is a list of modules. */
const MODULE_LIST_WORDS = new Set(['module_blacklist', 'modprobe.blacklist', 'modules-load', 'modules_load']);

function isAbout({ name: word, value }: { name: string; value: string }, name: string): boolean {
  if (MODULE_LIST_WORDS.has(word)) return value.split(',').some((module) => kernelName(module) === name);
  const at = word.indexOf('.');
  return at > 0 && kernelName(word.slice(0, at)) === name;
}

function isOverridden<T extends { readonly rest: string }>(line: T, all: readonly T[]): boolean {
  const later = all.slice(all.indexOf(line) + 1).flatMap((one) => [...parseParameters(one.rest).keys()]);
  return [...parseParameters(line.rest).keys()].every((parameter) => later.includes(parameter));
}
