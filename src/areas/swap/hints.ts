/** Where the kernel and the disk can tell that swap differs. */
import type { PathHint } from '../../host/host.ts';
import { type Desired, turnsOff } from './desired.ts';
import { KUBELET_CONFIG, KUBELET_FLAGS, USUAL_DROP_INS } from '../kubelet.ts';
import { FSTAB } from './plan/fstab.ts';
import { SYSTEM_UNITS } from './plan/own-files.ts';

/** Where drift shows; /proc/swaps raises no inotify event, and reading it costs 20 µs. */
export function hintsFor(desired: Desired): readonly PathHint[] {
  if (desired.behavior === 'LimitedSwap') {
    return [KUBELET_CONFIG, USUAL_DROP_INS, ...KUBELET_FLAGS].map((path): PathHint => ({ path, by: 'event' }));
  }
  if (!turnsOff(desired)) return [];
  const zram = ['/etc/systemd/zram-generator.conf', '/etc/systemd/zram-generator.conf.d'];
  const files = [FSTAB, SYSTEM_UNITS, ...(desired.behavior === 'Disabled' ? zram : [])];
  // After name, type and size come the used size, which changes all the time where zram stays on, and the priority.
  return [{ path: '/proc/swaps', by: 'poll', fields: 3 }, ...files.map((path): PathHint => ({ path, by: 'event' }))];
}
