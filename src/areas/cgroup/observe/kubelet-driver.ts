/** Which cgroup driver the kubelet has, and which runtime it talks to. */
import type { CgroupDriver } from '../../../api/parts/cgroup.ts';
import { type KubeletFiles, KUBELET_CONFIG, lastFlag } from '../../kubelet.ts';
import { objectIn } from '../../tables.ts';
import { type Place, placeOf, placeText } from './runtime-config.ts';

/** What the kubelet is configured to do about cgroups. */
export interface KubeletCgroup {
  /** `cgroupfs` when nothing says otherwise. */
  readonly driver: CgroupDriver;
  /** Where the driver is set; absent when the default holds. */
  readonly place?: Place;
  /** Set by a flag, which wins over every file. */
  readonly isFlag: boolean;
  /** The socket of its runtime, without `unix://`. */
  readonly endpoint?: string;
  /** The feature gate by which it asks the runtime for the driver is off. */
  readonly isAskingOff: boolean;
  /** Whether it has a configuration or runs: before that it keeps nothing from working. */
  readonly isSetUp: boolean;
  /** Files that cannot be understood. */
  readonly problems: readonly string[];
}

/** Reads the files and flags in order. Pure. */
export function parseKubeletCgroup({ configs, inForce, isRunning }: KubeletFiles): KubeletCgroup {
  const problems: string[] = [];
  let set: { readonly value: string; readonly place: Place } | undefined;
  let endpoint: string | undefined;
  let isAskingOff = false;
  for (const one of configs) {
    if ('problem' in one) {
      problems.push(`${one.file} is no KubeletConfiguration`);
      continue;
    }
    const { settings } = one;
    const { cgroupDriver, containerRuntimeEndpoint } = settings;
    if (typeof cgroupDriver === 'string' && cgroupDriver !== '') {
      set = { value: cgroupDriver, place: placeOf(one, /^\s*["']?cgroupDriver["']?\s*:/) };
    }
    if (typeof containerRuntimeEndpoint === 'string') endpoint = containerRuntimeEndpoint;
    const gate = objectIn(settings, 'featureGates')['KubeletCgroupDriverFromCRI'];
    if (typeof gate === 'boolean') isAskingOff = !gate;
  }
  const flag = lastFlag(inForce, 'cgroup-driver');
  if (flag !== undefined) {
    const { value, ...place } = flag;
    set = { value, place };
  }
  endpoint = lastFlag(inForce, 'container-runtime-endpoint')?.value ?? endpoint;
  const driver = set === undefined || set.value !== 'systemd' ? 'cgroupfs' : 'systemd';
  if (set !== undefined && set.value !== driver)
    problems.push(`the cgroup driver in ${set.place.file} is neither systemd nor cgroupfs`);
  return {
    driver,
    ...(set === undefined ? {} : { place: set.place }),
    isFlag: flag !== undefined,
    ...(endpoint === undefined
      ? {}
      : { endpoint: endpoint.replace(/^unix:\/\//, '').replace(/^\/var\/run\//, '/run/') }),
    isAskingOff,
    isSetUp: isRunning || configs.length > 0,
    problems,
  };
}

/** What to write by hand to get a driver. */
export function kubeletLines(kubelet: KubeletCgroup, driver: CgroupDriver): string {
  const { isFlag, place } = kubelet;
  const where = placeText(place ?? { file: KUBELET_CONFIG });
  if (isFlag) return `take --cgroup-driver out of ${where} and write \`cgroupDriver: ${driver}\` to ${KUBELET_CONFIG}`;
  return `write \`cgroupDriver: ${driver}\` to ${where}`;
}
