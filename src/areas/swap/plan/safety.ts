/** Whether swap can be emptied into memory. Pure. */
import type { Finding } from '../../area.ts';
import type { CgroupSwap } from '../observe/observe-cgroups.ts';
import type { SwapDevice } from '../observe/parse.ts';
import { renderExactSize } from './sizes.ts';

/**
 * What keeps `devices` from being emptied: their contents must fit into what is available without
 * the reserve, or the OOM killer would make the room. Compressed memory counts with its full size.
 */
export function unsafeSwapoff(
  devices: readonly SwapDevice[],
  memAvailableBytes: number | undefined,
  reserveBytes: number,
): Finding | undefined {
  const usedBytes = devices.reduce((sum, device) => sum + device.usedBytes, 0);
  // Nothing has to be moved, however short memory is.
  if (usedBytes === 0) return undefined;
  const roomBytes = memAvailableBytes === undefined ? undefined : memAvailableBytes - reserveBytes;
  if (roomBytes !== undefined && usedBytes <= roomBytes) return undefined;
  const names = devices.filter((device) => device.usedBytes > 0).map((device) => device.path);
  const room =
    memAvailableBytes === undefined
      ? 'how much memory is available cannot be read from /proc/meminfo'
      : `MemAvailable is ${renderExactSize(memAvailableBytes)} and ${renderExactSize(reserveBytes)} of it is the reserve`;
  return {
    target: 'swap',
    reason: 'SwapoffUnsafe',
    transient: true,
    message:
      `Swap stays on and nothing was changed: ${renderExactSize(usedBytes)} are in use on ${names.join(', ')}, but ${room}. ` +
      'Turning swap off now would make the kernel kill processes. Stop or move programs that use memory (the next pass tries again), or lower spec.swap.reserve.',
  };
}

/**
 * What keeps the pages of one control group from going back into it: memory and swap together must
 * fit below its own limit. `devices` have to go; how much of a group lies on them is not known, so
 * all of it is counted, at most what they hold.
 */
export function unsafeCgroup(devices: readonly SwapDevice[], groups: readonly CgroupSwap[]): Finding | undefined {
  const usedBytes = devices.reduce((sum, device) => sum + device.usedBytes, 0);
  const overflow = ({ swapBytes, workingBytes, limitBytes = Number.POSITIVE_INFINITY }: CgroupSwap) =>
    workingBytes + Math.min(swapBytes, usedBytes) > limitBytes;
  const over = groups.filter(overflow);
  // The innermost group is the one whose limit was set; its parents exceed theirs because of it.
  const [first, ...others] = over.filter(({ path }) => !over.some((one) => one.path.startsWith(`${path}/`)));
  if (first === undefined) return undefined;
  const more = others.length === 0 ? '' : ` The same is true of ${others.map(({ path }) => `"${path}"`).join(', ')}.`;
  const unit = /[^/]+\.(?:service|scope|slice)$/.exec(first.path)?.[0];
  const property = first.limitName === 'memory.max' ? 'MemoryMax' : 'MemoryLimit';
  const raise = unit === undefined ? first.limitName : `it ("systemctl set-property ${unit} ${property}=…")`;
  return {
    target: 'swap',
    reason: 'SwapoffUnsafe',
    transient: true,
    message:
      `Swap stays on and nothing was changed: the control group "${first.path}" has ${renderExactSize(first.swapBytes)} in swap and ` +
      `${renderExactSize(first.workingBytes)} in memory, but its ${first.limitName} is ${renderExactSize(first.limitBytes ?? 0)}. ` +
      `Turning swap off now would make the kernel kill its processes, although the machine has memory. Raise ${raise}, or stop it; the next pass tries again.${more}`,
  };
}

/** The first control group of a pod with memory in swap, such as `kubepods.slice/kubepods-burstable.slice/…`. */
export function podInSwap(groups: readonly CgroupSwap[]): string | undefined {
  const pods = groups.filter(({ path }) => path.split('/').some((part) => part.includes('kubepods')));
  return pods.find(({ path }) => !pods.some((one) => one.path.startsWith(`${path}/`)))?.path;
}
