/** Which programs get the declared driver, and which of them do not have it in their files yet. Pure. */
import type { CgroupDriver, CgroupSpec, CgroupUser } from '../../../../api/parts/cgroup.ts';
import type { KubeletCgroup } from '../kubelet-driver.ts';
import { saysDriver } from '../runtime-config.ts';
import type { RuntimeObserved } from '../runtimes.ts';

/** What decides it. */
export interface WritersInput {
  readonly runtimes: readonly RuntimeObserved[];
  readonly used: RuntimeObserved | undefined;
  readonly kubelet: KubeletCgroup | undefined;
  readonly kubeletVersion: string | undefined;
  readonly distribution: string | undefined;
}

/**
 * The programs whose files NodePrep keeps, runtimes first: the runtime that the kubelet uses, those that the spec names,
 * and the kubelet. Another runtime on the host is left alone: no pod runs in it, and dockerd would stop its containers.
 */
export function writersOf(spec: CgroupSpec | undefined, input: WritersInput): readonly CgroupUser[] {
  const { runtimes, used, kubelet, distribution } = input;
  if (spec?.driver === undefined || distribution !== undefined) return [];
  const isKept = (one: RuntimeObserved) => one === used || spec.runtimes?.includes(one.name) === true;
  const names = runtimes.filter((one) => isKept(one) && !one.config.isCriDisabled).map(({ name }) => name);
  return [...names, ...(kubelet === undefined ? [] : ['kubelet' as const])];
}

/** Those whose files say something else for the next start. */
export function differingWriters(spec: CgroupSpec | undefined, input: WritersInput): readonly CgroupUser[] {
  const wanted = spec?.driver;
  if (wanted === undefined) return [];
  return writersOf(spec, input).filter((user) => {
    if (user === 'kubelet') return kubeletDiffers(input, wanted);
    const config = input.runtimes.find(({ name }) => name === user)?.config;
    return config === undefined || !saysDriver(config, wanted);
  });
}

/** Whether the kubelet takes the driver of the runtime, whatever its own configuration says. */
export function asksRuntime({
  kubelet,
  kubeletVersion,
  used,
}: Omit<WritersInput, 'runtimes' | 'distribution'>): boolean {
  const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(kubeletVersion ?? '')?.map(Number) ?? [];
  const isAble = major > 1 || (major === 1 && minor >= 31);
  return isAble && kubelet?.isAskingOff === false && used?.answer?.driver !== undefined;
}

/** Before it has a configuration, kubeadm writes one with the driver. */
function kubeletDiffers(input: WritersInput, wanted: CgroupDriver): boolean {
  return input.kubelet?.isSetUp === true && input.kubelet.driver !== wanted && !asksRuntime(input);
}
