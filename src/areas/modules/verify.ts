/** The checks of the kubeadm and containerd guides: is the module there now, and after a reboot. Pure. */
import type { ModuleEntry } from '../../api/parts/modules.ts';
import type { Check } from '../area.ts';
import type { Desired } from './desired.ts';
import { GUIDE_MODULES, breakageWithout } from './knowledge.ts';
import type { Observed, Presence } from './observe/observe.ts';
import { blockOf } from './apply/obstacles.ts';
import { isSameParameter, kernelParameter } from './parameters.ts';

/** Makes the checklist for the declared modules; those of the guides are looked at in any case. */
export function verifyModules(desired: Desired, observed: Observed): Check[] {
  const checks = desired.entries.flatMap((entry) => [
    presenceCheck(entry, observed),
    bootCheck(entry, observed),
    ...parameterChecks(entry, observed),
  ]);
  const undeclared = GUIDE_MODULES.filter((name) => !desired.entries.some((entry) => entry.name === name));
  return [...checks, ...undeclared.map((name) => undeclaredCheck(name, observed))];
}

function presenceCheck(entry: ModuleEntry, observed: Observed): Check {
  const { name } = entry;
  const check = { title: `kernel module ${name} is loaded`, looked: `lsmod | grep ${name} (/sys/module/${name})` };
  if (observed.kernel === 'absent') return skipped(check, 'there is no running kernel to ask');
  const presence = presenceOf(name, observed);
  const outcome = presence !== 'absent' ? 'pass' : entry.required ? 'fail' : 'warn';
  const consequence = `${breakageWithout(name)} Load it with "modprobe ${name}", or run "nodeprep bootstrap".`;
  return { ...check, found: presence === 'effect' ? 'present (effect)' : presence, outcome, consequence };
}

function bootCheck(entry: ModuleEntry, observed: Observed): Check {
  const { name } = entry;
  const check = { title: `kernel module ${name} is there after a reboot`, looked: 'modules-load.d, modprobe.d' };
  const failed = entry.required ? 'fail' : 'warn';
  const presence = presenceOf(name, observed);
  const inKernel = presence === 'built-in' || presence === 'effect';
  if (inKernel) return { ...check, found: 'part of the kernel', outcome: 'pass', consequence: '' };
  const consequence = 'Nothing loads the module at a reboot.';
  const block = blockOf(name, observed);
  if (block !== undefined)
    return { ...check, found: block.why, outcome: failed, consequence: `${consequence} ${block.next}` };
  const line = observed.listed.find((one) => one.name === name);
  if (line !== undefined)
    return { ...check, found: `${line.file}, line ${line.line}`, outcome: 'pass', consequence: '' };
  return {
    ...check,
    found: 'no file lists it',
    outcome: failed,
    consequence: `${consequence} Run "nodeprep bootstrap".`,
  };
}

function parameterChecks(entry: ModuleEntry, observed: Observed): Check[] {
  const seen = observed.modules.get(entry.name);
  return Object.entries(entry.parameters).map(([parameter, value]): Check => {
    const check = {
      title: `parameter ${parameter} of kernel module ${entry.name} is ${value}`,
      looked: `/sys/module/${seen?.realName ?? entry.name}/parameters/${kernelParameter(parameter)}`,
    };
    const shown = seen?.parameters.get(kernelParameter(parameter))?.value;
    if (shown === undefined) return skipped(check, 'not visible in sysfs');
    if (isSameParameter(seen?.realName ?? entry.name, parameter, value, shown)) {
      return { ...check, found: shown, outcome: 'pass', consequence: '' };
    }
    const consequence = 'The module runs with another setting than declared; most parameters only change at a reboot.';
    return { ...check, found: shown, outcome: entry.required ? 'fail' : 'warn', consequence };
  });
}

function undeclaredCheck(name: string, observed: Observed): Check {
  const check = { title: `kernel module ${name} is loaded (not declared)`, looked: `lsmod | grep ${name}` };
  if (observed.kernel === 'absent') return skipped(check, 'there is no running kernel to ask');
  const isPresent = presenceOf(name, observed) !== 'absent';
  const consequence = `${breakageWithout(name)} Declare it under spec.modules if this node needs it.`;
  return { ...check, found: isPresent ? 'present' : 'absent', outcome: isPresent ? 'pass' : 'warn', consequence };
}

function skipped(check: Pick<Check, 'title' | 'looked'>, found: string): Check {
  return { ...check, found, outcome: 'skip', consequence: `${found[0]?.toUpperCase()}${found.slice(1)}.` };
}

function presenceOf(name: string, observed: Observed): Presence {
  return observed.modules.get(name)?.presence ?? 'absent';
}
