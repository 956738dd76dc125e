/**
 * The file that asks kured for a reboot. NodePrep makes it only when the spec says so and the reboot was
 * approved, and takes back nothing but its own line.
 */
import type { Host } from '../../host/host.ts';

/** Where kured and people look by default; `/var/run` is a link to `/run`. */
export const SENTINEL_PATH = '/run/reboot-required';
/** Who asks, one name a line, as Debian's packages do. */
export const SENTINEL_NAMES_PATH = '/run/reboot-required.pkgs';
const NAME = 'nodeprep';
/** Names its author, so that a sentinel that an administrator or a package made is told from ours and stays. */
const TEXT = '*** System restart required by nodeprep ***\n';

/** Makes the sentinel, or takes our part of it back. Safe to repeat. Throws `HostFileError`. */
export async function keepSentinel(host: Host, isWanted: boolean): Promise<void> {
  const text = (await host.readFile(SENTINEL_NAMES_PATH)) ?? '';
  const names = text.split('\n').filter((name) => name !== '');
  const isOurs = names.includes(NAME);
  if (isWanted) {
    if (!isOurs) await host.writeFile(SENTINEL_NAMES_PATH, `${[...names, NAME].join('\n')}\n`);
    if ((await host.stat(SENTINEL_PATH)) === undefined) await host.writeFile(SENTINEL_PATH, TEXT);
    return;
  }
  if (!isOurs) return;
  const others = names.filter((name) => name !== NAME);
  if (others.length > 0) return host.writeFile(SENTINEL_NAMES_PATH, `${others.join('\n')}\n`);
  if ((await host.readFile(SENTINEL_PATH)) === TEXT) await host.removeFile(SENTINEL_PATH);
  await host.removeFile(SENTINEL_NAMES_PATH);
}
