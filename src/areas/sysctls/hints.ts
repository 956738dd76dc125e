/** Where a change of this area can be seen. */
import { sysctlPath } from '../../api/names/sysctl-names.ts';
import type { PathHint } from '../../host/host.ts';
import type { Desired } from './desired.ts';
import { trustedName } from './values/key-path.ts';
import { CONF_PATH, RULES_PATH } from './boot-files/own-files.ts';
import { SYSCTL_CONF, SYSCTL_D_DIRECTORIES } from './boot-files/sysctl-d.ts';

/** Live values by event and poll, since kernel side effects raise no event; files by event. */
export function hintsFor(desired: Desired): readonly PathHint[] {
  if (!desired.isManaged) return [];
  const live = desired.entries
    .filter((entry) => trustedName(entry.name) !== undefined && entry.drift !== 'Ignore')
    .map((entry): PathHint => ({ path: sysctlPath(entry.name), by: 'both' }));
  const files = [CONF_PATH, RULES_PATH, ...SYSCTL_D_DIRECTORIES, SYSCTL_CONF];
  return [...live, ...files.map((path): PathHint => ({ path, by: 'event' }))];
}
