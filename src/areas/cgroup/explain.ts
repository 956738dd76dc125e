/** Says all there is to say about control groups, or about one runtime. Pure. */
import type { Explanation, Source } from '../area.ts';
import { KUBELET_CONFIG } from '../kubelet.ts';
import type { Desired } from './desired.ts';
import { OWN_DROP_INS } from './edit/marks.ts';
import { fileKey } from './keys.ts';
import { CGROUP_KNOWLEDGE, CGROUP_NOTES } from './knowledge.ts';
import type { KubeletCgroup } from './observe/kubelet-driver.ts';
import type { Observed } from './observe/observe.ts';
import { driverOf, type RuntimeObserved, SOCKETS } from './observe/runtimes.ts';
import { findingsOf, wantedText } from './plan/plan.ts';
import { summaryOf } from './plan/summary.ts';

/** Explains `cgroup` and the names of runtimes. */
export function explainCgroup(entry: string, { spec }: Desired, observed: Observed): Explanation | undefined {
  const name = entry.replace('cri-o', 'crio');
  const isAll = /^cgroups?(\.driver)?$/.test(name);
  const runtime = observed.runtimes.find((one) => one.name === name);
  if (!isAll && runtime === undefined && !/^(containerd|crio|docker)$/.test(name)) return undefined;
  const shown = isAll ? observed.runtimes : runtime === undefined ? [] : [runtime];
  const findings = spec === undefined ? [] : findingsOf(spec, observed);
  return {
    name: isAll ? 'cgroup' : name,
    ...CGROUP_KNOWLEDGE,
    ...(spec === undefined ? {} : { desired: wantedText(spec) }),
    live: isAll || runtime !== undefined ? summaryOf({ ...observed, used: runtime ?? observed.used }) : 'not installed',
    sources: [...shown.flatMap(runtimeSources), ...(isAll ? kubeletSources(observed) : [])],
    memoryKeys: keysOf(shown, isAll),
    notes: [...findings.map(({ message }) => message), ...CGROUP_NOTES],
  };
}

/** Ledger keys of the files that a driver is written to. */
function keysOf(shown: readonly RuntimeObserved[], isAll: boolean): readonly string[] {
  const files = shown.flatMap(({ name, config }) =>
    [config.main, OWN_DROP_INS.containerd, OWN_DROP_INS.crio].map((file) => fileKey(name, file)),
  );
  return [...files, ...(isAll ? [fileKey('kubelet', KUBELET_CONFIG)] : [])];
}

function runtimeSources(runtime: RuntimeObserved): Source[] {
  const { name, config, answer } = runtime;
  const isRunning = answer !== undefined;
  const said = {
    ...saidIn(config, config.main),
    wins: !isRunning,
    ...(isRunning ? { note: 'for the next start' } : {}),
  };
  const running = { file: SOCKETS[name], value: driverOf(runtime), wins: true, note: 'the running configuration' };
  return [said, ...(isRunning ? [running] : [])];
}

function kubeletSources({ kubelet }: Observed): Source[] {
  if (kubelet === undefined || !kubelet.isSetUp) return [];
  return [{ ...saidIn(kubelet, KUBELET_CONFIG), wins: true }];
}

/** The place of a driver, or the main file that says nothing of it. */
function saidIn({ driver, place }: Pick<KubeletCgroup, 'driver' | 'place'>, main: string) {
  return place === undefined ? { file: main, value: `nothing (default ${driver})` } : { ...place, value: driver };
}
