/** Takes away what a kill in the middle of a write left behind. */
import type { Surroundings } from '../../areas/surroundings.ts';
import type { Host } from '../../host/host.ts';

/** Folders of NodePrep itself; `install` writes the units, and an approved reboot the sentinel in /run. */
const OWN_FOLDERS = ['/etc/nodeprep', '/etc/systemd/system', '/run', '/run/nodeprep', '/var/lib/nodeprep'] as const;

/** A name that only an unfinished write of NodePrep has. */
const UNFINISHED = /^\..+\.nodeprep\.tmp$/;

/** Removes unfinished temporary files; call it once, while holding the lock. What cannot be read or removed stays for the next time. */
export async function sweepUnfinished(host: Host, areas: readonly Pick<Surroundings, 'writesIn'>[]): Promise<void> {
  for (const directory of new Set([...OWN_FOLDERS, ...areas.flatMap((area) => area.writesIn)])) {
    // A folder that cannot be read is reported by the area that needs it.
    const names = await host.listDirectory(directory).catch(() => undefined);
    for (const name of names ?? []) {
      if (UNFINISHED.test(name)) await host.removeFile(`${directory}/${name}`).catch(() => undefined);
    }
  }
}
