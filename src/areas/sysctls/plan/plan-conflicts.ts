/** Who else in the sysctl.d chain decides a declared parameter at boot. Pure. */
import type { WantedSysctl } from '../desired.ts';
import type { Finding } from '../../area.ts';
import { type Rule, settledBy, settledByName } from '../boot-files/chain.ts';
import { keyPathFrom } from '../values/key-path.ts';
import { describeWanted, isSatisfied } from '../values/match.ts';
import { CONF_PATH, RULES_PATH } from '../boot-files/own-files.ts';
import { laterRule } from '../boot-files/other-programs.ts';
import { asKernelReads } from '../values/kernel-reading.ts';
import { READERS, type Reader } from '../boot-files/parse-conf.ts';
import type { PlanContext } from './plan-context.ts';

/** The commands that read the chain, as an administrator knows them. */
export const READER_NAMES: Readonly<Record<Reader, string>> = {
  systemd: 'systemd-sysctl (every boot)',
  procps: '"sysctl --system"',
};

/** Conflicts of one entry; `isPersisted` says whether our file sets it. */
export function conflictsOf(entry: WantedSysctl, isPersisted: boolean, context: PlanContext): readonly Finding[] {
  const required = entry.required ? {} : { required: false };
  if (isPersisted && context.observed.conf.state === 'odd') {
    const message = `${CONF_PATH} is ${context.observed.conf.what}, so NodePrep cannot persist "${entry.name}" and the node may lose it at the next reboot; remove that, or give up persistence on purpose with "optional: true"`;
    return [{ target: entry.name, reason: 'OverriddenBySysctlD', message, file: CONF_PATH, ...required }];
  }
  const byPlace = new Map<string, { rule: Rule; readers: Reader[] }>();
  for (const reader of READERS) {
    const rule = overridingRule(entry, isPersisted, reader, context);
    if (rule === undefined) continue;
    const place = `${rule.file}:${rule.line}`;
    byPlace.set(place, { rule, readers: [...(byPlace.get(place)?.readers ?? []), reader] });
  }
  const inChain = [...byPlace.values()].map(({ rule, readers }): Finding => {
    const { file, line } = rule;
    const message = messageOf(entry, rule, readers);
    return { target: entry.name, reason: 'OverriddenBySysctlD', message, file, line, ...required };
  });
  return [...inChain, ...laterConflict(entry, context).map((finding) => ({ ...finding, ...required }))];
}

/** A program that sets the value after every file of sysctl.d was read. */
function laterConflict(entry: WantedSysctl, { observed, shapeOf }: PlanContext): readonly Finding[] {
  const rule = laterRule(observed.later, keyPathFrom(entry.name));
  const value = rule && asKernelReads(rule.value, shapeOf(entry));
  if (rule === undefined || value === undefined || isSatisfied(entry, value)) return [];
  const { file, line, by } = rule;
  const message = `${file}:${line} sets "${entry.name}" to "${value}" when ${by} starts, after sysctl.d was read: after the next reboot the node does not have "${describeWanted(entry)}" until NodePrep corrects it. Change that line (NodePrep never edits files of others), or declare its value`;
  return [{ target: entry.name, reason: 'OverriddenBySysctlD', message, file, line }];
}

/** Files of the chain that could not be judged; never required, because the readers may see no more than we do. */
export function chainProblems({ desired, observed }: PlanContext): readonly Finding[] {
  if (desired.entries.length === 0) return [];
  return observed.chain.problems.map(({ file, problem }) =>
    fileFinding(
      file,
      `Whether ${file} overrides a declared value is not certain: ${problem}. Repair or remove the file`,
    ),
  );
}

/** Says when something stands where our udev rule belongs. */
export function rulesConflict(isNeeded: boolean, { observed }: PlanContext): readonly Finding[] {
  if (!isNeeded || observed.rules.state !== 'odd') return [];
  const message = `${RULES_PATH} is ${observed.rules.what}, so parameters of a module or interface that appears late are set at boot only while NodePrep runs; remove that`;
  return [fileFinding(RULES_PATH, message)];
}

function fileFinding(file: string, message: string): Finding {
  return { target: file, reason: 'OverriddenBySysctlD', message, file, required: false };
}

function overridingRule(
  entry: WantedSysctl,
  isPersisted: boolean,
  reader: Reader,
  { others, later, shapeOf }: PlanContext,
): Rule | undefined {
  const keyPath = keyPathFrom(entry.name);
  const shape = shapeOf(entry);
  // Our line names the key, so patterns pass over it wherever they stand; only explicit lines can beat it.
  const rule = isPersisted ? settledByName(later[reader], keyPath, shape) : settledBy(others[reader], keyPath, shape);
  if (rule === undefined) return undefined;
  if (rule.value === undefined) return isPersisted && reader === 'systemd' ? rule : undefined;
  return isSatisfied(entry, rule.value) ? undefined : rule;
}

function messageOf(entry: WantedSysctl, rule: Rule, readers: readonly Reader[]): string {
  if (rule.refused !== undefined) {
    return `${rule.file}:${rule.line} sets "${entry.name}" to "${rule.refused}", which the kernel refuses; systemd-sysctl keeps one line for each name, so at the next reboot it sets neither that nor "${describeWanted(entry)}". Remove or change that line (NodePrep never edits files of others)`;
  }
  const what =
    rule.value === undefined
      ? `takes "${entry.name}" out ("-${entry.name}")`
      : `sets "${entry.name}" to "${rule.value}"`;
  const who = readers.map((reader) => READER_NAMES[reader]).join(' and ');
  const when = readers.includes('systemd')
    ? 'after the next reboot'
    : 'after the next run of it, also by a package or a script,';
  return `${rule.file}:${rule.line} ${what} and is read last by ${who}: ${when} the node does not have "${describeWanted(entry)}". Remove or change that line (NodePrep never edits files of others), or declare its value`;
}
