/** Which container runtimes this host has, what runs and what their files say. */
import type { CgroupDriver } from '../../../api/parts/cgroup.ts';
import type { HostReader } from '../../../host/host.ts';
import { hasAny } from '../../has-any.ts';
import { runOf } from '../../unit-files.ts';
import { containerdVersion } from './containerd-program.ts';
import { readContainerd } from './containerd-files.ts';
import { parseContainerd } from './containerd.ts';
import { askRuntime, type Handler, isOfRunc, type RuntimeAnswer } from './cri/cri.ts';
import { readCrio } from './crio.ts';
import { readDocker } from './docker.ts';
import type { KubeletCgroup } from './kubelet-driver.ts';
import type { RuntimeConfig } from './runtime-config.ts';

/** Names of the runtimes, in the order in which they are looked for. */
export const RUNTIME_NAMES = ['containerd', 'crio', 'docker'] as const;
export type RuntimeName = (typeof RUNTIME_NAMES)[number];

/** A runtime that this host has. */
export interface RuntimeObserved {
  readonly name: RuntimeName;
  readonly config: RuntimeConfig;
  /** Of a running one that answers. */
  readonly answer?: RuntimeAnswer;
  /** Why a running one does not. */
  readonly unreachable?: string;
  /** Whether systemd runs its unit, so that it can be restarted. */
  readonly isUnitRunning: boolean;
  /** `1.6.20~ds1`; absent when it does not run or does not say. */
  readonly version?: string;
}

interface Traits {
  readonly unit: string;
  /** What is restarted for it to read its files, where that is another unit. */
  readonly restarts?: string;
  /** Sockets of CRI, as kubelets are told them. */
  readonly sockets: readonly [string, ...string[]];
  /** Any of these means that it is installed. */
  readonly signs: readonly string[];
}

const TRAITS: Readonly<Record<RuntimeName, Traits>> = {
  containerd: {
    unit: 'containerd.service',
    sockets: ['/run/containerd/containerd.sock'],
    signs: ['/usr/bin/containerd', '/usr/local/bin/containerd', '/etc/containerd/config.toml'],
  },
  crio: {
    unit: 'crio.service',
    sockets: ['/run/crio/crio.sock'],
    signs: ['/usr/bin/crio', '/usr/local/bin/crio', '/etc/crio/crio.conf', '/etc/crio/crio.conf.d'],
  },
  docker: {
    unit: 'cri-docker.service',
    restarts: 'docker.service',
    sockets: ['/run/cri-dockerd.sock', '/run/cri-dockerd/cri-dockerd.sock'],
    signs: ['/usr/bin/dockerd', '/usr/local/bin/dockerd', '/usr/sbin/dockerd', '/etc/docker/daemon.json'],
  },
};

/** The units whose starts count: with each the runtime is asked again. */
export const RUNTIME_UNITS = RUNTIME_NAMES.map((name) => TRAITS[name].unit);

/** The unit that reads the files of a runtime when it starts. */
export function restartedUnit(name: RuntimeName): string {
  return TRAITS[name].restarts ?? TRAITS[name].unit;
}

/** Where each listens, as kubelets are told it. */
export const SOCKETS = Object.fromEntries(RUNTIME_NAMES.map((name) => [name, TRAITS[name].sockets[0]])) as Readonly<
  Record<RuntimeName, string>
>;

/** Those that are installed. Throws `HostFileError`. */
export async function observeRuntimes(
  host: HostReader,
  names: readonly RuntimeName[],
  hasCgroupV2: boolean,
  signal: AbortSignal,
): Promise<readonly RuntimeObserved[]> {
  const found: RuntimeObserved[] = [];
  for (const name of names) {
    if (!(await hasAny(host, TRAITS[name].signs))) continue;
    const asked = host.kernel === 'running' ? await ask(host, name, signal) : {};
    signal.throwIfAborted();
    const isUnitRunning = host.kernel === 'running' && (await runOf(host, restartedUnit(name))) !== undefined;
    const config = await configOf(host, name, { hasCgroupV2, version: asked.version, signal });
    found.push({ name, config, ...asked, isUnitRunning });
  }
  return found;
}

/** The one that the kubelet names, otherwise the first with its CRI on; Docker carries a containerd with its CRI off. */
export function usedOf(
  runtimes: readonly RuntimeObserved[],
  kubelet: KubeletCgroup | undefined,
): RuntimeObserved | undefined {
  const named = RUNTIME_NAMES.find((name) => TRAITS[name].sockets.includes(kubelet?.endpoint ?? ''));
  if (named !== undefined) return runtimes.find(({ name }) => name === named);
  return runtimes.find(({ config }) => !config.isCriDisabled) ?? runtimes[0];
}

/** The driver of a running runtime, of each way to run containers; that of the files when it does not run. */
export function handlersOf({ answer, config }: RuntimeObserved): readonly Handler[] {
  const running = answer?.handlers.filter(({ type }) => isOfRunc(type)) ?? [];
  return running.length > 0 ? running : config.handlers;
}

/** The driver in force. */
export function driverOf({ name, answer, config }: RuntimeObserved): CgroupDriver {
  if (answer?.driver !== undefined) return answer.driver;
  const handler =
    name === 'containerd' ? answer?.handlers.find((one) => one.name === answer.defaultHandler) : undefined;
  return handler?.driver ?? config.driver;
}

async function ask(
  host: HostReader,
  name: RuntimeName,
  signal: AbortSignal,
): Promise<Pick<RuntimeObserved, 'answer' | 'unreachable' | 'version'>> {
  const { unit, sockets } = TRAITS[name];
  const run = await runOf(host, unit);
  // Not before it runs: at boot it starts after NodePrep. Without systemd, its socket tells that it does.
  if (run === undefined && (await host.stat('/run/systemd/units')) !== undefined) return {};
  for (const socket of sockets) {
    if ((await host.stat(socket)) === undefined) continue;
    const asked = await askRuntime(host, socket, run ?? 'running', signal);
    const { version } = 'answer' in asked ? asked.answer : asked;
    return {
      ...('answer' in asked ? { answer: asked.answer } : { unreachable: asked.problem }),
      ...(version === undefined ? {} : { version }),
    };
  }
  return {};
}

interface ConfigContext {
  readonly hasCgroupV2: boolean;
  readonly version: string | undefined;
  readonly signal: AbortSignal;
}

async function configOf(host: HostReader, name: RuntimeName, { hasCgroupV2, version, signal }: ConfigContext) {
  if (name === 'crio') return readCrio(host);
  if (name === 'docker') return readDocker(host, hasCgroupV2);
  const read = await readContainerd(host, version);
  if (version !== undefined || read.files.length < 2) return parseContainerd(read, version);
  // Versions differ in what they make of several files.
  const installed = await containerdVersion(host, signal);
  return parseContainerd(await readContainerd(host, installed), installed);
}
