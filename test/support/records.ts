/** What the ledger remembers, and what of it goes with the next reboot anyway. */
import type { Memory } from '../../src/areas/area.ts';
import type { MemoryHost } from '../../src/host/memory/memory-host.ts';

/** Keys of what is not only left as it is until the next reboot. */
export function inUse(memory: Memory): string[] {
  return [...memory.values()].filter(({ leftIn }) => leftIn === undefined).map(({ key }) => key);
}

/** The kernel of the host is another one from now on, as far as records go. */
export function reboot(host: MemoryHost, boot = 'another-boot'): void {
  host.put('/proc/sys/kernel/random/boot_id', `${boot}\n`);
}
