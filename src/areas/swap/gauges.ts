/** What metrics show of swap besides its state. */
import type { HostReader } from '../../host/host.ts';
import type { AreaGauge } from '../surroundings.ts';
import { parseSwaps } from './observe/parse.ts';

/** How much swap is active. */
export const SWAP_GAUGES: readonly AreaGauge[] = [
  {
    name: 'swap_bytes',
    help: 'Size of all active swap, read when scraped; NaN when it cannot be read.',
    read: swapBytes,
  },
];

/** A kernel without swap support has none. */
async function swapBytes(host: HostReader): Promise<number | undefined> {
  const text = await host.readFile('/proc/swaps');
  // A host whose /proc is not there at all says nothing about swap.
  if (text === undefined) return (await host.stat('/proc/meminfo')) === undefined ? undefined : 0;
  return parseSwaps(text).reduce((sum, device) => sum + device.sizeBytes, 0);
}
