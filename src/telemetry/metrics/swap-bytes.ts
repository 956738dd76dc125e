/** How much swap is active, for the metric that is read at every scrape. */
import { parseSwaps } from '../../areas/swap/observe/parse.ts';
import type { HostReader } from '../../host/host.ts';
import type { Probe } from './instruments.ts';

/** A probe for the size of all active swap; a kernel without swap support has none. */
export function swapBytesOf(host: HostReader): Probe {
  return async () => {
    const text = await host.readFile('/proc/swaps');
    // A host whose /proc is not there at all says nothing about swap.
    if (text === undefined) return (await host.stat('/proc/meminfo')) === undefined ? undefined : 0;
    return parseSwaps(text).reduce((sum, device) => sum + device.sizeBytes, 0);
  };
}
