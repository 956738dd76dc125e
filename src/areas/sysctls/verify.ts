/** The checks that guides ask for: is the value there now, and will it be there after a reboot. */
import type { SysctlEntry } from '../../api/parts/sysctl-entry.ts';
import { sysctlPath } from '../../api/names/sysctl-names.ts';
import type { Check } from '../area.ts';
import { type Rules, rulesOf, settledBy } from './boot-files/chain.ts';
import { laterRule } from './boot-files/other-programs.ts';
import type { Desired } from './desired.ts';
import { asKernelReads } from './values/kernel-reading.ts';
import { keyPathFrom } from './values/key-path.ts';
import { knowledgeOf } from './knowledge/knowledge.ts';
import { describeWanted, isSatisfied } from './values/match.ts';
import type { Observed } from './observe/observe.ts';
import { shapeOf } from './plan/plan-context.ts';
import { READER_NAMES } from './plan/plan-conflicts.ts';

/** Two checks for every declared parameter. */
export function verifySysctls(desired: Desired, observed: Observed): readonly Check[] {
  const systemd = rulesOf(observed.chain, 'systemd', () => true);
  const procps = rulesOf(observed.chain, 'procps', () => true);
  return desired.entries.flatMap((entry) => [liveCheck(entry, observed), bootCheck(entry, systemd, procps, observed)]);
}

function liveCheck(entry: SysctlEntry, observed: Observed): Check {
  const live = observed.live.get(entry.name);
  const check = {
    title: `${entry.name} is ${describeWanted(entry)}`,
    looked: sysctlPath(entry.name),
    consequence: `${knowledgeOf(entry.name).breaks} Run "nodeprep bootstrap" to set it.`,
  };
  if (live === undefined) {
    const isBroken = observed.kernel === 'running';
    return { ...check, found: 'no /proc/sys here', outcome: isBroken ? failure(entry) : 'skip' };
  }
  if (live.state === 'value') {
    const found = live.value === '' ? '(empty)' : live.value;
    return { ...check, found, outcome: isSatisfied(entry, live.value) ? 'pass' : failure(entry) };
  }
  if (live.state === 'absent') {
    return { ...check, found: `absent${live.why === undefined ? '' : `: ${live.why}`}`, outcome: failure(entry) };
  }
  return { ...check, found: live.why, outcome: 'skip' };
}

function bootCheck(entry: SysctlEntry, systemdRules: Rules, procpsRules: Rules, observed: Observed): Check {
  const keyPath = keyPathFrom(entry.name);
  const shape = shapeOf(entry, observed);
  const [systemd, procps] = [settledBy(systemdRules, keyPath, shape), settledBy(procpsRules, keyPath, shape)];
  const check = {
    title: `${entry.name} is ${describeWanted(entry)} after a reboot`,
    looked: 'sysctl.d and /etc/sysctl.conf',
    consequence: 'The next reboot sets another value. Remove or change the line that wins.',
  };
  if (systemd?.value === undefined) {
    // A limit that no file lowers needs none of ours: the kernel's own value was sufficient.
    const isOptional = entry.match === 'AtLeast' || entry.match === 'AtMost';
    return {
      ...check,
      found: 'no file sets it; the kernel decides',
      outcome: isOptional ? 'skip' : failure(entry),
      consequence: 'Nothing sets the value at a reboot. Run "nodeprep bootstrap".',
    };
  }
  const found = `${systemd.value} (${systemd.file}:${systemd.line})`;
  if (!isSatisfied(entry, systemd.value)) return { ...check, found, outcome: failure(entry) };
  if (procps?.value !== undefined && !isSatisfied(entry, procps.value)) {
    const other = `${found}; but ${procps.value} (${procps.file}:${procps.line}) whenever ${READER_NAMES.procps} runs`;
    return { ...check, found: other, outcome: failure(entry) };
  }
  const later = laterRule(observed.later, keyPath);
  const last = later && asKernelReads(later.value, shape);
  if (later !== undefined && last !== undefined && !isSatisfied(entry, last)) {
    const other = `${found}; but ${last} (${later.file}:${later.line}) when ${later.by} starts`;
    return { ...check, found: other, outcome: failure(entry) };
  }
  return { ...check, found, outcome: 'pass' };
}

function failure(entry: SysctlEntry): 'fail' | 'warn' {
  return entry.required ? 'fail' : 'warn';
}
