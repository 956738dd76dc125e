/** Whether runtime, kubelet and spec have the same cgroup driver, and what to write where they do not. Pure. */
import type { CgroupDriver, CgroupSpec } from '../../../api/parts/cgroup.ts';
import type { Finding } from '../../area.ts';
import { kubeletLines } from '../observe/kubelet-driver.ts';
import type { Observed } from '../observe/observe.ts';
import { saysDriver } from '../observe/runtime-config.ts';
import { driverOf, handlersOf, type RuntimeObserved } from '../observe/runtimes.ts';
import { asksRuntime } from '../observe/writing/writers.ts';

/** The driver that the kubelet has in the end: from 1.31 on it takes that of a runtime which tells it. */
export function kubeletDriver(observed: Observed): CgroupDriver | undefined {
  const { kubelet, used } = observed;
  if (kubelet === undefined || !kubelet.isSetUp) return undefined;
  return (asksRuntime(observed) ? used?.answer?.driver : undefined) ?? kubelet.driver;
}

/** What differs, with the consequence and the lines to write; empty when all agree. */
export function driverFindings(spec: CgroupSpec, observed: Observed): readonly Pick<Finding, 'message' | 'required'>[] {
  const { used, kubelet } = observed;
  if (used === undefined) return [];
  const ofKubelet = kubeletDriver(observed);
  const wanted = spec.driver ?? ofKubelet;
  if (wanted === undefined) return [];
  const running = driverOf(used);
  const others = handlersOf(used).filter(({ driver }) => driver !== wanted);
  const differs = running !== wanted || others.length > 0;
  const kubeletDiffers = ofKubelet !== undefined && ofKubelet !== wanted;
  if (!differs && !kubeletDiffers) return [];
  const consequence = consequenceOf(wanted, observed);
  const next = [
    ...(differs
      ? [
          runtimeNext(
            used,
            wanted,
            others.map(({ name }) => name),
          ),
        ]
      : []),
    ...(kubeletDiffers && kubelet !== undefined ? [`${kubeletLines(kubelet, wanted)}, then restart the kubelet`] : []),
  ].join('; ');
  const drained = ofKubelet === undefined ? '' : ' Drain the node before: running pods stay where they are.';
  const message = `${consequence} ${capitalised(next)}.${drained}`;
  // Before the node joins nothing runs that could escape, and the kubelet must be let to start.
  return [{ message, ...(ofKubelet === undefined ? { required: false } : {}) }];
}

/** What it does to pods that the drivers are as they are, or that the spec wants another one. */
export function consequenceOf(wanted: CgroupDriver, observed: Observed): string {
  const { used } = observed;
  const ofKubelet = kubeletDriver(observed);
  const found = used === undefined ? [] : [driverOf(used), ...handlersOf(used).map(({ driver }) => driver)];
  if (ofKubelet === undefined || found.every((driver) => driver === ofKubelet)) return `The spec wants ${wanted}.`;
  return found.includes('cgroupfs') ? 'Pods escape their limits until both agree.' : 'New pods fail until both agree.';
}

/** A text as the beginning of a sentence. */
export function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function runtimeNext(used: RuntimeObserved, wanted: CgroupDriver, others: readonly string[]): string {
  const restart = `run "systemctl restart ${used.name}"`;
  if (saysDriver(used.config, wanted)) return `its file says ${wanted} already: ${restart}`;
  const special = others.filter((name) => name !== 'runc');
  if (used.config.driver === wanted && special.length > 0)
    return `set SystemdCgroup = ${wanted === 'systemd'} for the runtime ${special.join(', ')} as well, then ${restart}`;
  return `${used.config.lines[wanted]}, then ${restart}`;
}
