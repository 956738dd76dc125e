/**
 * Finds the swap partitions that systemd-gpt-auto-generator would turn on. It makes no unit while
 * fstab has a swap line, so one that appears only after that line is gone must be foreseen: its mask
 * has to be there before. udev has read the partition types already.
 */
import type { HostReader } from '../../../host/host.ts';

/** Type of a swap partition in a GPT (Discoverable Partitions Specification). */
const SWAP_TYPE = '0657fd6d-a4ab-43c4-84e5-0933c84b4f4f';

/** Device paths such as `/dev/vda2`; none where udev does not run. */
export async function observeGptSwaps(host: HostReader): Promise<readonly string[]> {
  if (host.kernel !== 'running') return [];
  const devices: string[] = [];
  for (const name of (await host.listDirectory('/run/udev/data')) ?? []) {
    const numbers = /^b(\d+:\d+)$/.exec(name)?.[1];
    if (numbers === undefined) continue;
    // A device may be unplugged between the two reads: then there is nothing to mask.
    const record = (await host.readFile(`/run/udev/data/${name}`, 'bytes')) ?? '';
    if (!record.toLowerCase().includes(`\ne:id_part_entry_type=${SWAP_TYPE}\n`)) continue;
    const event = (await host.readFile(`/sys/dev/block/${numbers}/uevent`)) ?? '';
    const device = /^DEVNAME=(\S+)$/m.exec(event)?.[1];
    if (device !== undefined) devices.push(`/dev/${device}`);
  }
  return devices;
}
