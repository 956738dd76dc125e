/** Where the disk and systemd can tell that drivers may differ. */
import type { Hint } from '../../host/host.ts';
import type { Desired } from './desired.ts';
import { KUBELET_UNIT } from '../kubelet.ts';
import { RUNTIME_UNITS } from './observe/runtimes.ts';
import { CGROUP_FILES } from './reads.ts';

const UNITS = [...RUNTIME_UNITS, KUBELET_UNIT];

/** Files of runtimes and kubelet, and their starts: with each start the runtime is asked again. */
export function hintsFor({ spec }: Desired): readonly Hint[] {
  if (spec === undefined) return [];
  return [...CGROUP_FILES.map((path): Hint => ({ path, by: 'event' })), ...UNITS.map((unit): Hint => ({ unit }))];
}
