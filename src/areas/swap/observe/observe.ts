/** Observes everything that `plan` needs to know about swap. */
import { observeCgroups } from '../../cgroups.ts';
import type { HostReader, Kernel } from '../../../host/host.ts';
import { StepError } from '../../area.ts';
import { type Desired, mustGo, turnsOff } from '../desired.ts';
import { FSTAB, type FstabEntry, type FstabSwap, parseFstabSwaps } from '../plan/fstab.ts';
import { type CgroupSwap, observeCgroupSwap } from './observe-cgroups.ts';
import type { KubeletSwap } from './kubelet.ts';
import { observeKubelet } from './observe-kubelet.ts';
import { type SystemdObserved, observeSystemd } from './observe-systemd.ts';
import { type UnitObserved, observeUnits } from './observe-units.ts';
import { isZramDevice, parseMemAvailable, parseSwaps, type SwapDevice } from './parse.ts';
import { fstabDevicePath, textFrom } from '../plan/unit-names.ts';

/** What the area knows about the host. */
export interface Observed {
  readonly kernel: Kernel;
  /** Active swap; `undefined` when there is no live state to ask, as in an image. */
  readonly swaps: readonly SwapDevice[] | undefined;
  readonly memAvailableBytes: number | undefined;
  /** Control groups with memory in swap, when some of what has to go is in use. */
  readonly cgroups: readonly CgroupSwap[];
  readonly kernelCommandLine: string;
  /** fstab with one character per byte. */
  readonly fstab: string | undefined;
  readonly fstabSwaps: readonly FstabEntry[];
  readonly systemd: SystemdObserved;
  /** By name; units that have to do with swap, wherever they were seen. */
  readonly units: ReadonlyMap<string, UnitObserved>;
  /** Only looked at for `LimitedSwap`. */
  readonly kubelet: KubeletSwap | undefined;
  readonly isCgroupV2: boolean;
}

/** More than the kernel has room for (32 devices), and each costs the plan a mask. */
const MOST_SWAPS = 256;

/** Reads the host. Throws `StepError` when the live state cannot be seen although the policy needs it. */
export async function observeSwap(host: HostReader, desired: Desired, signal: AbortSignal): Promise<Observed> {
  const swaps = await observeActive(host, desired);
  const fstab = await host.readFile(FSTAB, 'bytes');
  const lines = parseFstabSwaps(fstab ?? '');
  assertFew(lines, desired);
  const fstabSwaps = await Promise.all(lines.map((swap) => locate(host, swap)));
  signal.throwIfAborted();
  const systemd = await observeSystemd(host, signal);
  const units = await observeUnits(host, systemd, swaps ?? [], fstabSwaps);
  signal.throwIfAborted();
  const isLimited = desired.behavior === 'LimitedSwap';
  return {
    kernel: host.kernel,
    swaps,
    memAvailableBytes: host.kernel === 'absent' ? undefined : await observeMemAvailable(host),
    cgroups: isInUse(swaps ?? [], desired) ? await observeCgroupSwap(host) : [],
    kernelCommandLine: ((await host.readFile('/proc/cmdline')) ?? '').trim(),
    fstab,
    fstabSwaps,
    systemd,
    units,
    kubelet: isLimited ? await observeKubelet(host) : undefined,
    isCgroupV2: (await observeCgroups(host))?.version === 'v2',
  };
}

/** What was done before can be taken back all the same. */
function assertFew(lines: readonly FstabSwap[], desired: Desired): void {
  if (desired.behavior === 'Unmanaged' || lines.length <= MOST_SWAPS) return;
  const message = `Cannot manage swap: ${FSTAB} has ${lines.length} swap lines, more than any node can use, so none of them is touched. Remove those that are not meant.`;
  throw new StepError('HostUnsupported', message);
}

function isInUse(swaps: readonly SwapDevice[], desired: Desired): boolean {
  return swaps.some((device) => device.usedBytes > 0 && mustGo(desired, isZramDevice(device.path)));
}

/**
 * The active swap. A kernel without swap support has no `/proc/swaps` (kubernetes#64117), which means
 * off; but the file is also missing when `/proc` is not mounted, and then nothing is known.
 */
export async function observeActive(host: HostReader, desired?: Desired): Promise<readonly SwapDevice[] | undefined> {
  if (host.kernel === 'absent') return undefined;
  const text = await host.readFile('/proc/swaps');
  if (text === undefined) {
    if (host.kernel === 'captured') return undefined;
    if (((await host.listDirectory('/proc')) ?? []).length > 0) return [];
    if (desired !== undefined && !turnsOff(desired)) return undefined;
    throw new StepError(
      'HostUnsupported',
      'Cannot read "/proc/swaps": /proc is not mounted, so whether swap is on cannot be seen. Mount it, or give the pod the /proc of the host.',
    );
  }
  const devices = parseSwaps(text);
  // A file may really be named "x (deleted)": then the kernel's mark is part of the name.
  return Promise.all(
    devices.map(async (device) => {
      const marked = `${device.path} (deleted)`;
      if (!device.isDeleted || (await host.stat(marked)) === undefined) return device;
      return { ...device, path: marked, isDeleted: false };
    }),
  );
}

/** Memory that swap can be emptied into. */
export async function observeMemAvailable(host: HostReader): Promise<number | undefined> {
  return parseMemAvailable((await host.readFile('/proc/meminfo')) ?? '');
}

async function locate(host: HostReader, swap: FstabSwap): Promise<FstabEntry> {
  const path = fstabDevicePath(swap.source);
  const device = path === undefined ? undefined : await realPathOf(host, textFrom(path));
  return { ...swap, path, device };
}

async function realPathOf(host: HostReader, path: string): Promise<string | undefined> {
  // A NUL or an endless chain of links in fstab must not stop the pass.
  return host.realPath(path).catch(() => undefined);
}
