/** How control groups stand, always in the same four places: kernel, runtime, kubelet, pods. Pure. */
import type { KubeletCgroup } from '../observe/kubelet-driver.ts';
import { WITHOUT_CRI } from '../observe/cri/cri.ts';
import type { Observed } from '../observe/observe.ts';
import { treesOf } from '../../pod-groups.ts';
import { placeText } from '../observe/runtime-config.ts';
import { driverOf, handlersOf, type RuntimeObserved } from '../observe/runtimes.ts';

/** The four places in one line; what does not exist is left out. */
export function summaryOf(observed: Observed): string {
  const { used, kubelet } = observed;
  const places = [
    kernelText(observed),
    used === undefined ? 'no container runtime' : runtimeText(used),
    kubelet === undefined || !kubelet.isSetUp ? 'no kubelet yet' : kubeletText(kubelet, observed),
    podsText(observed),
  ];
  return places.filter((place) => place !== '').join('; ');
}

function kernelText({ cgroups }: Observed): string {
  if (cgroups === undefined) return 'no kernel to ask';
  const version = cgroups.isHybrid ? 'v1 (hybrid)' : cgroups.version;
  return `kernel ${version} (${cgroups.controllers.join(' ') || 'no controllers'})`;
}

function runtimeText(runtime: RuntimeObserved): string {
  const { name, answer, unreachable, config } = runtime;
  const version = runtime.version === undefined ? name : `${name} ${runtime.version}`;
  const file =
    config.place === undefined
      ? `${config.main} says nothing (default ${config.driver})`
      : `${placeText(config.place)} says ${config.driver}`;
  if (answer !== undefined) {
    const handlers = handlersOf(runtime);
    const other = handlers
      .filter((handler) => handler.driver !== driverOf(runtime))
      .map((one) => `${one.name} has ${one.driver}`);
    return [`${version} answers ${driverOf(runtime)}`, ...other, file].join(', ');
  }
  const isOff = unreachable === WITHOUT_CRI;
  const state =
    unreachable === undefined ? 'does not run' : isOff ? 'runs without CRI' : `does not answer (${unreachable})`;
  return `${version} ${state}, ${file}`;
}

function kubeletText({ driver, place }: KubeletCgroup, { kubeletVersion }: Observed): string {
  const name = kubeletVersion === undefined ? 'kubelet' : `kubelet ${kubeletVersion}`;
  if (place === undefined) return `${name} says nothing (default ${driver})`;
  return `${name} says ${driver} in ${placeText(place)}`;
}

function podsText({ used, pods }: Observed): string {
  const running = used?.answer?.pods;
  const places = [
    ...treesOf(pods).map((tree) => `in ${tree}`),
    ...(pods.strays > 0 ? ['outside of kubepods.slice'] : []),
  ];
  if (running === undefined && places.length === 0) return '';
  const count = running === undefined ? 'pods run' : running === 1 ? '1 pod runs' : `${running} pods run`;
  return [count, ...(places.length === 0 ? [] : [places.join(' and ')])].join(' ');
}
