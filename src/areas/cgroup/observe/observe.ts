/** Reads everything that has a say in control groups: kernel, runtimes, kubelet, and where pods really are. */
import type { CgroupSpec } from '../../../api/parts/cgroup.ts';
import { CommandError } from '../../../host/errors.ts';
import type { HostReader, Kernel } from '../../../host/host.ts';
import type { Memory } from '../../area.ts';
import { type Cgroups, observeCgroups } from '../../cgroups.ts';
import { KUBELET_UNIT, readKubelet } from '../../kubelet.ts';
import { runOf } from '../../unit-files.ts';
import type { Desired } from '../desired.ts';
import { writtenFiles } from '../keys.ts';
import { type KubeletCgroup, parseKubeletCgroup } from './kubelet-driver.ts';
import { observePodGroups, type PodGroups, runsPods } from '../../pod-groups.ts';
import { type MoveObserved, observeMove } from './move.ts';
import { driverOf, observeRuntimes, RUNTIME_NAMES, type RuntimeObserved, usedOf } from './runtimes.ts';
import { differingWriters, writersOf } from './writing/writers.ts';
import { observeWriting, unrecordedFiles, type Writing } from './writing/writing.ts';

/** What was seen. */
export interface Observed {
  readonly kernel: Kernel;
  /** Absent where none is mounted, as in an image. */
  readonly cgroups: Cgroups | undefined;
  readonly runtimes: readonly RuntimeObserved[];
  /** The one that the kubelet uses; absent when there is none, or it is not looked at. */
  readonly used: RuntimeObserved | undefined;
  readonly kubelet: KubeletCgroup | undefined;
  /** Asked only while the answer matters: from 1.31 on the kubelet takes the driver of the runtime. */
  readonly kubeletVersion: string | undefined;
  readonly pods: PodGroups;
  readonly move: MoveObserved;
  /** k3s or RKE2, which carry runtime and kubelet within and set the driver themselves. */
  readonly distribution: 'k3s' | 'RKE2' | undefined;
  /** Read only while a driver has to be written, or to be taken back. */
  readonly writing?: Writing;
}

/** Looks without changing anything; programs run and sockets are asked only where files cannot tell. */
export async function observeCgroup(
  host: HostReader,
  { spec }: Pick<Desired, 'spec'>,
  signal: AbortSignal,
  memory: Memory = new Map(),
): Promise<Observed> {
  const cgroups = await observeCgroups(host);
  const names = RUNTIME_NAMES.filter((name) => spec?.runtimes?.includes(name) ?? true);
  const runtimes = await observeRuntimes(host, names, cgroups?.version === 'v2', signal);
  const looksAtKubelet = spec?.runtimes?.includes('kubelet') ?? true;
  const kubelet = looksAtKubelet ? parseKubeletCgroup(await readKubelet(host)) : undefined;
  const used = usedOf(runtimes, kubelet);
  const version = isVersionWanted(used, kubelet, spec) ? await kubeletVersion(host, signal) : undefined;
  const pods = await observePodGroups(host, cgroups?.version);
  const distribution = await distributionOf(host);
  const parts = { runtimes, used, kubelet, kubeletVersion: version, distribution };
  const kept = writersOf(spec, parts);
  const unrecorded = await unrecordedFiles(host, runtimes, { memory, kept });
  const isWriting =
    differingWriters(spec, parts).length + unrecorded.length > 0 ||
    writtenFiles(memory).some(({ user }) => !kept.includes(user));
  return {
    kernel: host.kernel,
    cgroups,
    ...parts,
    pods,
    move: await observeMove(host, runtimes, { hasPods: runsPods(pods), memory, signal }),
    ...(isWriting ? { writing: await observeWriting(host, runtimes, { memory, unrecorded }, signal) } : {}),
  };
}

function isVersionWanted(
  used: RuntimeObserved | undefined,
  kubelet: KubeletCgroup | undefined,
  spec: CgroupSpec | undefined,
): boolean {
  if (used?.answer?.driver === undefined || kubelet === undefined || kubelet.isAskingOff) return false;
  return kubelet.isSetUp && kubelet.driver !== (spec?.driver ?? driverOf(used));
}

/** Of the run of its unit that was asked last: another program cannot run before another start. */
const versions = new WeakMap<HostReader, { readonly run: string; readonly version: string | undefined }>();

async function kubeletVersion(host: HostReader, signal: AbortSignal): Promise<string | undefined> {
  const run = await runOf(host, KUBELET_UNIT);
  const known = versions.get(host);
  if (known !== undefined && known.run === run) return known.version;
  try {
    const { stdout } = await host.query(['kubelet', '--version'], { timeoutMs: 5000, signal });
    const version = /v(\d+\.\d+[^\s]*)/.exec(stdout)?.[1];
    if (run !== undefined) versions.set(host, { run, version });
    return version;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

async function distributionOf(host: HostReader): Promise<Observed['distribution']> {
  if ((await host.stat('/var/lib/rancher/rke2/agent')) !== undefined) return 'RKE2';
  return (await host.stat('/var/lib/rancher/k3s/agent')) === undefined ? undefined : 'k3s';
}
