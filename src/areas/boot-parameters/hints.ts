/** Where the disk can tell that the next boot would be another. */
import type { Hint } from '../../host/host.ts';
import type { Desired } from './desired.ts';
import { BOOT_FILES } from './reads.ts';

/** Files of boot loaders; what the running kernel has does not change. */
export function hintsFor(desired: Desired): readonly Hint[] {
  return desired.length === 0 ? [] : BOOT_FILES.map((path): Hint => ({ path, by: 'event' }));
}
