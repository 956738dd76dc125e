/** Whether swap can be emptied into memory. Pure. */
import type { Finding } from '../../area.ts';
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
