/** Takes away what a kill in the middle of a write left behind. */
import type { Host } from '../../host/host.ts';

/** Every folder that NodePrep writes files or links in. */
const DIRECTORIES = [
  '/etc',
  '/etc/modprobe.d',
  '/etc/modules-load.d',
  '/etc/nodeprep',
  '/etc/sysctl.d',
  '/etc/systemd',
  '/etc/systemd/system',
  '/etc/udev/rules.d',
  '/run/nodeprep',
  '/var/lib/nodeprep',
] as const;

/** A name that only an unfinished write of NodePrep has. */
const UNFINISHED = /^\..+\.nodeprep\.tmp$/;

/** Removes unfinished temporary files; call it once, while holding the lock. What cannot be read or removed stays for the next time. */
export async function sweepUnfinished(host: Host): Promise<void> {
  for (const directory of DIRECTORIES) {
    // A folder that cannot be read is reported by the area that needs it.
    const names = await host.listDirectory(directory).catch(() => undefined);
    for (const name of names ?? []) {
      if (UNFINISHED.test(name)) await host.removeFile(`${directory}/${name}`).catch(() => undefined);
    }
  }
}
