/** What stands in the way of declared parameters, in words. Pure. */
import type { Finding } from '../../area.ts';
import type { BootLoader, LoaderSource, LoaderState } from '../loaders/loader.ts';
import { identityOf, isUnwanted, type WantedWords } from '../words.ts';
import { desiredText } from './steps.ts';
import type { ParameterState } from './states.ts';

/** Boot loaders other than exactly one. */
export function unclearLoader(states: readonly ParameterState[], names: readonly string[]): Finding[] {
  const words = states.map((one) => `"${desiredText(one)}"`).join(', ');
  return states.map((one) =>
    names.length === 0
      ? finding(one, {
          reason: 'HostUnsupported',
          message: `Boot parameter "${one.entry.name}" cannot be set: no boot loader that NodePrep knows starts this machine. Bring the kernel command line to this by hand, and reboot: ${words}.`,
        })
      : finding(one, {
          reason: 'BootLoaderUnclear',
          message: `Boot parameter "${one.entry.name}" is not set: ${names.join(' and ')} are both set up, and which of them starts this machine is not certain. Remove the one that does not, or bring the kernel command line to this by hand: ${words}.`,
        }),
  );
}

/** A loader that must not be touched as it is. */
export function loaderFindings(
  states: readonly ParameterState[],
  loader: BootLoader,
  { problem }: LoaderState,
  wanted: WantedWords,
): Finding[] {
  if (problem === undefined) return [];
  const { reason, message, file, line } = problem;
  return states.map((one) =>
    finding(one, {
      reason,
      message: `Boot parameter "${one.entry.name}" is not set: ${message}. Repair that, or do it by hand: ${loader.byHand(wanted)}`,
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
    }),
  );
}

/** A tool of the loader is needed, and this host does not run. */
export function imageFinding(state: ParameterState, loader: BootLoader, wanted: WantedWords): Finding {
  return finding(state, {
    reason: 'HostUnsupported',
    message: `Boot parameter "${state.entry.name}" is not set: ${loader.name} needs a program of the host, and this directory does not run. Bootstrap it once it has booted, or do it in the image: ${loader.byHand(wanted)}`,
  });
}

/** The line of an entry would not fit. */
export function lengthFinding(state: ParameterState, longest: number): Finding {
  return finding(state, {
    reason: 'BootConfigRejected',
    message: `Boot parameter "${state.entry.name}" is not set: the kernel command line would have more than ${longest} characters, and the kernel cuts it there. Remove words from it.`,
  });
}

/** A line on which nothing can be added. */
export function quoteFinding(state: ParameterState): Finding {
  return finding(state, {
    reason: 'BootConfigRejected',
    message: `Boot parameter "${state.entry.name}" is not set: the kernel command line has a double quote that is never closed, and the kernel would take what follows for a part of that word. Close it.`,
  });
}

/** A file of others by which the entry cannot come into force; `undefined` when none is known. */
export function conflictOf(state: ParameterState, loader: LoaderState): Finding | undefined {
  const { entry, word } = state;
  const sources = loader.sources.filter(({ isFirmware }) => isFirmware !== true);
  const after = sources.slice(sources.findLastIndex(({ isEditable }) => isEditable) + 1);
  const source =
    entry.state === 'Absent'
      ? sources.find(({ isEditable, words }) => !isEditable && words.some((one) => isUnwanted(word, one)))
      : after.find(({ words }) => words.some((one) => one !== word && identityOf(one) === identityOf(word)));
  if (source === undefined) return undefined;
  const found = source.words.find((one) => isUnwanted(word, one) || identityOf(one) === identityOf(word));
  const why =
    entry.state === 'Absent'
      ? `has "${found}", and NodePrep does not edit that file`
      : `has "${found}" behind every word of NodePrep, and the kernel takes the last one`;
  return finding(state, {
    reason: 'Conflict',
    message: `Boot parameter "${entry.name}" is overridden: ${placeOf(source)} ${why}. Remove it there.`,
    file: source.file,
    ...(source.line === undefined ? {} : { line: source.line }),
  });
}

/** The reboot came, or the word is there, and the effect is not. */
export function ineffectiveFinding(state: ParameterState): Finding {
  const { entry, thisBoot, effect, sources } = state;
  const firmware = sources.find(({ isFirmware }) => isFirmware === true);
  const why =
    thisBoot === true
      ? `this boot has it, and ${effect?.looked ?? 'the kernel'} shows ${effect?.found ?? 'nothing of it'}: this kernel does not know it, or a later word or the firmware takes it back`
      : entry.state === 'Present'
        ? 'the machine was rebooted, and the kernel command line does not have it: another loader or another file than those that NodePrep sees started it'
        : `the machine was rebooted, and the kernel command line still has it: ${firmware === undefined ? 'firmware, a device tree or another loader adds it' : `the firmware adds it from ${firmware.file}`}`;
  return finding(state, {
    reason: 'RebootIneffective',
    message: `Boot parameter "${entry.name}" has no effect: ${why}. Another reboot does not help; compare /proc/cmdline with what "nodeprep explain boot.${entry.name}" shows.`,
  });
}

/** What is no longer declared, and is on the line until the next reboot. */
export function leftFinding(word: string, isBack: boolean): Finding {
  return {
    target: word,
    reason: 'NextBoot',
    message: `Boot parameter "${word}" is no longer declared: ${isBack ? 'it is back' : 'it is gone'} at the next reboot.`,
    required: false,
  };
}

/** What stays where it is because two loaders could have it. */
export function unclearLeft(word: string): Finding {
  return {
    target: word,
    reason: 'BootLoaderUnclear',
    message: `Boot parameter "${word}" stays on the kernel command line: several boot loaders are set up, and which of them starts this machine is not certain. Remove the word by hand.`,
    required: false,
  };
}

function placeOf({ file, line }: LoaderSource): string {
  return line === undefined ? file : `${file}:${line}`;
}

function finding({ entry }: ParameterState, found: Omit<Finding, 'target' | 'required'>): Finding {
  return { target: entry.name, ...found, ...(entry.required ? {} : { required: false }) };
}
