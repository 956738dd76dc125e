/**
 * The steps from what is observed to what is declared. Their order matters: parameters are on disk
 * before modprobe reads them, and a module is listed for the boot only after this kernel took it.
 */
import type { EntryView, Finding, Memory, Plan } from '../../area.ts';
import { type Assessment, assessModule } from './assess.ts';
import type { Desired } from '../desired.ts';
import type { Observed } from '../observe/observe.ts';
import { located } from '../observe/observe-config.ts';
import { fileKey, liveKey, LOAD_FILE, OPTIONS_FILE, originalOf } from './own-files.ts';
import { renderParameters } from '../parameters.ts';
import { parseLoadList, parseModprobeConfig } from '../observe/parse.ts';
import { loadFileStep, optionsFileStep, spentFiles } from './plan-files.ts';
import { planRemoval } from './plan-removal.ts';
import { type ModuleStep, loadStep, parameterStep } from './steps.ts';

/** Plans the area. Pure. */
export function planModules(desired: Desired, observed: Observed, memory: Memory): Plan<ModuleStep> {
  const judged = { ...observed, directives: lastingDirectives(observed, memory) };
  const assessments = desired.entries.map((entry) => assessModule(entry, judged));
  const { restores, spent, leaves } = planRemoval(desired, observed, memory);
  const withOptions = assessments.filter((one) => one.persistOptions).map((one) => one.entry);
  const optionsFile = optionsFileStep(withOptions, observed.optionsFile, memory.get(fileKey(OPTIONS_FILE)));
  const loads = assessments.filter((one) => one.load).map((one) => loadStep(one.entry.name, optionsOf(one)));
  const updates = assessments.flatMap((one) =>
    one.drifts.map((drift) => parameterStep(one.entry.name, one.observed.realName, drift)),
  );
  const loadFile = loadFileStep(assessments, observed.loadFile, memory.get(fileKey(LOAD_FILE)));
  const files = [
    { path: OPTIONS_FILE, isWanted: withOptions.length > 0, current: observed.optionsFile },
    { path: LOAD_FILE, isWanted: assessments.some((one) => one.persist !== 'no'), current: observed.loadFile },
  ];
  const steps: ModuleStep[] = [...restores, optionsFile, ...loads, ...updates, loadFile].filter(
    (step) => step !== undefined,
  );
  return {
    entries: assessments.map((one) => viewOf(one, observed)),
    steps,
    blocked: assessments.flatMap((one) => one.blocked),
    conflicts: [...assessments.flatMap((one) => one.conflicts), ...unreadFiles(desired, observed)],
    left: leftLoaded(desired, observed, memory),
    leaves,
    spent: [...spent, ...spentFiles(files, memory)],
  };
}

/**
 * What modprobe.d says apart from us. Of our own file that is its original, which comes back some day:
 * otherwise a block in it would count or not depending on whether we have written the file yet.
 */
function lastingDirectives(observed: Observed, memory: Memory): Observed['directives'] {
  const original = originalOf(observed.optionsFile, memory.get(fileKey(OPTIONS_FILE)));
  const text = original.state === 'value' ? original.value : '';
  const foreign = observed.directives.filter((line) => line.file !== OPTIONS_FILE);
  return [...foreign, ...located(parseModprobeConfig)(text, OPTIONS_FILE).lines];
}

/** Never required: modprobe says whether a module can be had. */
function unreadFiles({ entries }: Desired, { problems }: Observed): readonly Finding[] {
  if (entries.length === 0) return [];
  return problems.map(({ file, problem }) => ({
    target: file,
    reason: 'ModuleBlocked',
    message: `Whether ${file} keeps a declared module from being loaded, or gives it other parameters, is not certain: ${problem}. Repair or remove the file`,
    file,
    required: false,
  }));
}

function optionsOf({ entry, persistOptions }: Assessment): string | undefined {
  return persistOptions ? renderParameters(entry.parameters) : undefined;
}

function viewOf({ entry, observed }: Assessment, host: Observed): EntryView {
  const desired = withParameters('loaded', renderParameters(entry.parameters));
  const isListed = parseLoadList(host.loadFile ?? '').some((line) => line.name === entry.name);
  const options = parseModprobeConfig(host.optionsFile ?? '')
    .filter((line) => line.directive === 'options' && line.module === entry.name)
    .map((line) => line.rest)
    .join(' ');
  const persistent = isListed ? withParameters('loaded', options) : options;
  const live = observed.presence === 'effect' ? 'present (effect)' : observed.presence;
  const shown = [...observed.parameters].map(([name, { value }]) => `${name}=${value}`).join(' ');
  return {
    name: entry.name,
    required: entry.required,
    desired,
    ...(host.kernel === 'absent' ? {} : { live: withParameters(live, shown) }),
    ...(persistent === '' ? {} : { persistent }),
  };
}

function withParameters(word: string, parameters: string): string {
  return parameters === '' ? word : `${word}, ${parameters}`;
}

/** Nothing is ever unloaded: a pod or a firewall may use the module by now. */
function leftLoaded(desired: Desired, { kernel, facts }: Observed, memory: Memory): Finding[] {
  if (kernel !== 'running') return [];
  const declared = new Set(desired.entries.map((entry) => entry.name));
  const present = new Set([...(facts.loaded ?? []), ...facts.shown]);
  return [...present]
    .filter((name) => !declared.has(name) && memory.get(liveKey(name))?.original.state === 'absent')
    .toSorted()
    .map((name) => ({
      target: name,
      reason: 'NextBoot',
      message: `Kernel module "${name}" stays loaded: NodePrep loaded it and no longer declares it, but something on this node may use it by now. It is gone after the next reboot, or with "modprobe -r ${name}".`,
      required: false,
    }));
}
