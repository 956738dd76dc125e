/** Explains one parameter on this host. */
import { dirname } from 'node:path';
import { isReadOnlySysctl } from '../../api/names/read-only-sysctls.ts';
import { deniedSysctl, sysctlPath } from '../../api/names/sysctl-names.ts';
import type { HostReader } from '../../host/host.ts';
import type { Explanation, Source } from '../area.ts';
import { type Rule, type Rules, rulesFor, rulesOf, settledBy } from './boot-files/chain.ts';
import { laterRule } from './boot-files/other-programs.ts';
import type { Desired } from './desired.ts';
import { hazardOf } from './values/hazards.ts';
import { asKernelReads } from './values/kernel-reading.ts';
import { keyPathFrom, nameFrom, trustedName } from './values/key-path.ts';
import { isKnown, knowledgeOf, rivalOf } from './knowledge/knowledge.ts';
import { capabilityFor, howToGrant, ON_DEMAND } from './knowledge/capabilities.ts';
import { describeWanted } from './values/match.ts';
import type { Observed } from './observe/observe.ts';
import { CONF_PATH, fileKey, liveKey } from './boot-files/own-files.ts';
import { providerOf } from './knowledge/providers.ts';
import { SYSCTL_CONF } from './boot-files/sysctl-d.ts';

/** Explains a parameter, declared or not; `undefined` when the name cannot be one. */
export function explainSysctl(entry: string, desired: Desired, observed: Observed): Explanation | undefined {
  const denied = deniedSysctl(entry);
  if (denied !== undefined) return deniedExplanation(entry, denied);
  const name = trustedName(entry);
  if (name === undefined) return undefined;
  const { why, breaks, symptom, askedBy, notes = [] } = knowledgeOf(name);
  const declared = desired.entries.find((one) => one.name === name);
  const live = observed.live.get(name);
  const shape = live?.state === 'value' ? live.value : declared?.value;
  const sources = [...sourcesOf(keyPathFrom(name), observed, shape), ...laterSources(keyPathFrom(name), observed)];
  const isUnknown = !isKnown(name) && sources.length === 0 && (live === undefined || live.state === 'absent');
  return {
    name,
    ...(isUnknown ? { isUnknown } : {}),
    why,
    breaks,
    symptom,
    askedBy,
    ...(declared === undefined ? {} : { desired: describeWanted(declared) }),
    ...(live?.state === 'value' ? { live: live.value } : {}),
    sources,
    memoryKeys: [liveKey(name)],
    changeKeys: sources.some(({ file }) => file === CONF_PATH) ? [fileKey(CONF_PATH)] : [],
    notes: [...notes, ...hostNotes(name, observed)],
  };
}

/** Names of the parameters in the directory where this one would be. */
export async function siblingsOf(host: HostReader, name: string): Promise<readonly string[]> {
  if (trustedName(name) === undefined) return [];
  const folder = dirname(keyPathFrom(name));
  const names = (await host.listDirectory(`/proc/sys/${folder}`)) ?? [];
  return names.map((one) => nameFrom(`${folder}/${one}`));
}

/** A parameter that may not be declared is not looked at either. */
function deniedExplanation(entry: string, why: string): Explanation {
  return {
    name: nameFrom(keyPathFrom(entry)),
    why: `NodePrep never reads or writes it: ${why}.`,
    breaks: 'Nothing: no part of Kubernetes needs it to be set in a spec.',
    symptom: 'A spec that declares it is refused with the reason SysctlDenied.',
    askedBy: [],
    sources: [],
    memoryKeys: [],
    notes: [],
  };
}

/** Every line of the chain about a key, in the order of reading; one winner for each reader. */
function sourcesOf(keyPath: string, { chain }: Observed, shape: string | undefined): readonly Source[] {
  const systemd = rulesOf(chain, 'systemd', () => true);
  const procps = rulesOf(chain, 'procps', () => true);
  const wins = { systemd: settledBy(systemd, keyPath, shape), procps: settledBy(procps, keyPath, shape) };
  const hasOneWinner = wins.systemd !== undefined && isWinner(wins.systemd, wins.procps);
  return inReadingOrder(systemd, procps, keyPath).map((rule) => {
    const [atBoot, later] = [isWinner(rule, wins.systemd), isWinner(rule, wins.procps)];
    const notes = [
      ...(rule.keyPath === keyPath ? [] : ['a pattern']),
      ...(asKernelReads(rule.value ?? '0', shape) === undefined ? ['refused by the kernel'] : []),
      ...(rule.file === SYSCTL_CONF ? ['read by "sysctl --system" only'] : []),
      ...(hasOneWinner || atBoot === later ? [] : [atBoot ? 'wins at boot' : 'wins when "sysctl --system" runs']),
    ];
    return {
      file: rule.file,
      line: rule.line,
      value: rule.value ?? '(excluded)',
      wins: atBoot || later,
      ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
    };
  });
}

function laterSources(keyPath: string, { later }: Observed): readonly Source[] {
  const rule = laterRule(later, keyPath);
  if (rule === undefined) return [];
  const { file, line, value, by } = rule;
  return [{ file, line, value, wins: true, note: `set when ${by} starts, after sysctl.d` }];
}

function isWinner(rule: Rule, winner: Rule | undefined): boolean {
  return winner?.value !== undefined && winner.file === rule.file && winner.line === rule.line;
}

/** procps reads everything that systemd reads, hidden files and /etc/sysctl.conf besides. */
function inReadingOrder(systemd: Rules, procps: Rules, keyPath: string): readonly Rule[] {
  const all = rulesFor(procps, keyPath);
  const known = new Set(all.map((rule) => `${rule.file}:${rule.line}`));
  // A line that only systemd sees (after a NUL) goes before those of procps: rare, and still in its file.
  return [...rulesFor(systemd, keyPath).filter((rule) => !known.has(`${rule.file}:${rule.line}`)), ...all];
}

function hostNotes(name: string, observed: Observed): readonly string[] {
  const keyPath = keyPathFrom(name);
  const [live, provider, hazard, rival] = [
    observed.live.get(name),
    providerOf(keyPath),
    hazardOf(keyPath),
    rivalOf(name),
  ];
  const isReadOnly = isReadOnlySysctl(name) || observed.readOnly.has(name);
  const capability = capabilityFor(keyPath);
  return [
    ...(provider === undefined ? [] : [`It appears with the kernel module "${provider}".`]),
    ...(live?.state === 'absent' ? [`It is absent here: ${live.why ?? 'the kernel has no such parameter now'}.`] : []),
    ...(live?.state === 'unreadable' ? [`${sysctlPath(name)} cannot be read: ${live.why}.`] : []),
    ...(isReadOnly ? ['It is read-only: the kernel shows it and takes no value for it.'] : []),
    ...(capability === undefined || !(capability in ON_DEMAND)
      ? []
      : [`Setting it takes ${capability}, which NodePrep is not given: ${howToGrant(capability)}.`]),
    ...(hazard === undefined ? [] : [`NodePrep does not put its original value back on a running node: ${hazard}.`]),
    ...(rival === undefined ? [] : [`When it keeps changing, look at ${rival}.`]),
  ];
}
