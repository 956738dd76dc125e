/** What is under way: a kubelet that waits to be started, texts on trial, and the pod that NodePrep itself runs in. */
import { CommandError } from '../../../host/errors.ts';
import type { HostReader } from '../../../host/host.ts';
import type { Memory } from '../../area.ts';
import { KUBELET_UNIT } from '../../kubelet.ts';
import { type PodPlace, placeOfPod } from '../../pod-groups.ts';
import { runOf } from '../../unit-files.ts';
import { trialFrom, type TrialKey } from '../keys.ts';
import { readRefused, type Refused, sumOfText } from '../refused.ts';
import { restartedUnit, type RuntimeName, type RuntimeObserved } from './runtimes.ts';

/** A text that a runtime has to prove. */
export interface Trial extends TrialKey {
  readonly key: string;
  readonly before?: string;
  /** Whether the file has the text now: a kill may have come before the write, or the text went since. */
  readonly isThere: boolean;
}

/** What is under way. */
export interface MoveObserved {
  /** Whether a timer is armed that starts the kubelet. */
  readonly isKubeletStopped: boolean;
  readonly isKubeletRunning: boolean;
  readonly trials: readonly Trial[];
  readonly refused: readonly Refused[];
  /** Runtimes with a text on trial that systemd starts in vain. */
  readonly failing: readonly RuntimeName[];
  /** Runtimes that do not run and that the boot starts. */
  readonly starting: readonly RuntimeName[];
  /** Absent for NodePrep outside of a pod, and while no pod runs. */
  readonly ownPod?: { readonly uid: string; readonly place?: PodPlace };
}

/** The timer of the host that starts the kubelet. */
export const TIMER = 'nodeprep-kubelet';
/** Its file while it is armed. */
export const TIMER_FILE = `/run/systemd/transient/${TIMER}.timer`;

/** Links to the units that a boot starts. */
const WANTED_AT_BOOT = '/etc/systemd/system/multi-user.target.wants';

/** Asks systemd only while a text is on trial and its runtime does not run. Throws `HostFileError`. */
export async function observeMove(
  host: HostReader,
  runtimes: readonly RuntimeObserved[],
  { hasPods, memory, signal }: { readonly hasPods: boolean; readonly memory: Memory; readonly signal: AbortSignal },
): Promise<MoveObserved> {
  const isRunning = host.kernel === 'running';
  const trials = await trialsIn(host, memory);
  const failing: RuntimeName[] = [];
  const starting: RuntimeName[] = [];
  for (const { name, isUnitRunning } of runtimes) {
    if (!isRunning || isUnitRunning) continue;
    if ((await host.stat(`${WANTED_AT_BOOT}/${restartedUnit(name)}`)) !== undefined) starting.push(name);
    const isOnTrial = trials.some(({ user, isThere }) => user === name && isThere);
    if (isOnTrial && (await isFailing(host, name, signal))) failing.push(name);
  }
  const uid = isRunning && hasPods ? await ownPodOf(host) : undefined;
  const place = uid === undefined ? undefined : await placeOfPod(host, uid);
  return {
    isKubeletStopped: isRunning && (await host.stat(TIMER_FILE)) !== undefined,
    isKubeletRunning: isRunning && (await runOf(host, KUBELET_UNIT)) !== undefined,
    trials,
    refused: await readRefused(host),
    failing,
    starting,
    ...(uid === undefined ? {} : { ownPod: { uid, ...(place === undefined ? {} : { place }) } }),
  };
}

async function trialsIn(host: HostReader, memory: Memory): Promise<readonly Trial[]> {
  const trials: Trial[] = [];
  for (const [key, { original }] of memory) {
    const trial = trialFrom(key);
    if (trial === undefined) continue;
    const isThere = ((await host.sumOf(trial.file)) ?? sumOfText('')) === trial.sha256;
    trials.push({
      ...{ ...trial, key, isThere },
      ...(original.state === 'value' ? { before: original.value } : {}),
    });
  }
  return trials;
}

async function isFailing(host: HostReader, name: RuntimeName, signal: AbortSignal): Promise<boolean> {
  try {
    const command = ['systemctl', 'show', '-p', 'ActiveState,SubState', '--', restartedUnit(name)] as const;
    const { stdout } = await host.query(command, { timeoutMs: 5000, signal });
    return /^(ActiveState=failed|SubState=auto-restart)$/m.test(stdout);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** The kubelet mounts these files of a pod into each of its containers; the cgroup of a container does not tell. */
async function ownPodOf(host: HostReader): Promise<string | undefined> {
  const mounts = (await host.readFile('/proc/self/mountinfo')) ?? '';
  return /\/pods\/([0-9A-Za-z-]{1,64})\/\S* \/(?:etc\/hosts|dev\/termination-log) /.exec(mounts)?.[1];
}
