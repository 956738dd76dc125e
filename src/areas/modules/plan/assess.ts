/** Judges one declared module: what is missing now, what belongs into our files, what is in the way. Pure. */
import type { ModuleEntry } from '../../../api/parts/modules.ts';
import { deniedParameter } from '../../../api/names/module-parameters.ts';
import type { Finding } from '../../area.ts';
import { obstacleMessage } from '../apply/diagnose.ts';
import type { ModuleObserved, Observed } from '../observe/observe.ts';
import { type Obstacle, blockOf, obstacleTo } from '../apply/obstacles.ts';
import { isRenderableParameter, isSameParameter, kernelParameter } from '../parameters.ts';
import { kernelName, parseLoadList } from '../observe/parse.ts';

/** A parameter whose live value is not the declared one. */
export interface ParameterDrift {
  readonly parameter: string;
  readonly from: string;
  readonly to: string;
  readonly writable: boolean;
}

/** The verdict on one entry. */
export interface Assessment {
  readonly entry: ModuleEntry;
  readonly observed: ModuleObserved;
  /** modprobe is worth a try. */
  readonly load: boolean;
  /** `after-load`: only once it is proven that this kernel takes it. */
  readonly persist: 'yes' | 'after-load' | 'no';
  readonly persistOptions: boolean;
  readonly drifts: readonly ParameterDrift[];
  readonly blocked: readonly Finding[];
  readonly conflicts: readonly Finding[];
}

/** Judges an entry against what was observed. */
export function assessModule(entry: ModuleEntry, observed: Observed): Assessment {
  const seen = observed.modules.get(entry.name) ?? { presence: 'absent', realName: entry.name, parameters: new Map() };
  const illegal = Object.entries(entry.parameters).find(([name, value]) => !isRenderableParameter(name, value));
  if (illegal !== undefined) {
    const message = `Cannot write parameter "${illegal[0]}" of kernel module "${entry.name}": a quote, backslash or control character would change the meaning of the options line. Declare a value without it.`;
    return { ...nothing(entry, seen), blocked: [finding(entry, { reason: 'SpecInvalid' }, message)] };
  }
  const denied = Object.entries(entry.parameters)
    .map(([name, value]) => deniedParameter(name, value))
    .find((why) => why !== undefined);
  if (denied !== undefined) {
    const message = `Cannot set a parameter of kernel module "${entry.name}": ${denied}. Remove it from the spec.`;
    return { ...nothing(entry, seen), blocked: [finding(entry, { reason: 'ModuleParameterDenied' }, message)] };
  }
  if (seen.presence === 'loaded') return assessLoaded(entry, seen, observed);
  if (seen.presence === 'absent') return assessAbsent(entry, seen, observed);
  // Only what depmod lists is found at boot; anything else would make systemd-modules-load fail.
  const isListed = observed.trees.some((tree) => tree.builtIn.has(seen.realName));
  const blocked = bootParameterFindings(entry, seen, observed);
  return { ...nothing(entry, seen), persist: isListed ? 'yes' : 'no', blocked };
}

/** Nothing to do and nothing in the way. */
function nothing(entry: ModuleEntry, observed: ModuleObserved): Assessment {
  return { entry, observed, load: false, persist: 'no', persistOptions: false, drifts: [], blocked: [], conflicts: [] };
}

function assessLoaded(entry: ModuleEntry, seen: ModuleObserved, observed: Observed): Assessment {
  const block = blockOf(entry.name, observed);
  const live = { ...nothing(entry, seen), persistOptions: hasParameters(entry), drifts: driftsOf(entry, seen) };
  if (block === undefined) return { ...live, persist: 'yes' };
  const message = `Kernel module "${entry.name}" is loaded now but will not be after a reboot: ${block.why}. ${block.next}`;
  return { ...live, conflicts: [finding(entry, block, message)] };
}

function assessAbsent(entry: ModuleEntry, seen: ModuleObserved, observed: Observed): Assessment {
  const obstacle = obstacleTo(entry.name, observed);
  if (obstacle === undefined) {
    return {
      ...nothing(entry, seen),
      load: observed.kernel !== 'absent',
      persist: observed.kernel === 'running' ? 'after-load' : 'yes',
      persistOptions: hasParameters(entry),
    };
  }
  const isListedByUs = parseLoadList(observed.loadFile ?? '').some((line) => line.name === entry.name);
  // The kernel of the next reboot may have what this one lacks, so what worked before stays.
  const stays = obstacle.endsWithBoot === true && isListedByUs;
  return {
    ...nothing(entry, seen),
    persist: stays ? 'yes' : 'no',
    persistOptions: stays && hasParameters(entry),
    blocked: [finding(entry, obstacle, obstacleMessage(entry.name, obstacle))],
  };
}

function hasParameters(entry: ModuleEntry): boolean {
  return Object.keys(entry.parameters).length > 0;
}

function driftsOf(entry: ModuleEntry, seen: ModuleObserved): ParameterDrift[] {
  const drifts: ParameterDrift[] = [];
  for (const [parameter, to] of Object.entries(entry.parameters)) {
    // Not every parameter is visible in sysfs (permission 0), so a missing file proves nothing.
    const shown = seen.parameters.get(kernelParameter(parameter));
    if (shown === undefined || isSameParameter(seen.realName, parameter, to, shown.value)) continue;
    drifts.push({ parameter, from: shown.value, to, writable: shown.writable });
  }
  return drifts;
}

/** Built-in code takes its parameters from the kernel command line; modprobe.d does not reach it. */
function bootParameterFindings(entry: ModuleEntry, seen: ModuleObserved, observed: Observed): Finding[] {
  return Object.entries(entry.parameters).flatMap(([parameter, value]) => {
    const shown = seen.parameters.get(kernelParameter(parameter))?.value;
    const word = observed.facts.commandLine.findLast((one) => isBootParameter(one.name, seen.realName, parameter));
    const current = shown ?? word?.value;
    if (current !== undefined && isSameParameter(seen.realName, parameter, value, current)) return [];
    const now = current === undefined ? 'is not set' : `is "${current}" now`;
    const message = `Cannot set parameter "${parameter}" of kernel module "${entry.name}": the module is built into the kernel, where files of modprobe.d have no effect, and the parameter ${now}. Add "${seen.realName}.${parameter}=${value}" to the kernel command line and reboot.`;
    return [finding(entry, { reason: 'HostUnsupported' }, message)];
  });
}

function isBootParameter(word: string, module: string, parameter: string): boolean {
  const at = word.indexOf('.');
  return (
    at > 0 &&
    kernelName(word.slice(0, at)) === module &&
    kernelParameter(word.slice(at + 1)) === kernelParameter(parameter)
  );
}

function finding(entry: ModuleEntry, cause: Pick<Obstacle, 'reason' | 'file' | 'line'>, message: string): Finding {
  return {
    target: entry.name,
    reason: cause.reason,
    message,
    ...(cause.file === undefined ? {} : { file: cause.file }),
    ...(cause.line === undefined ? {} : { line: cause.line }),
    ...(entry.required ? {} : { required: false }),
  };
}
