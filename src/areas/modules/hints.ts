/** Where the kernel and the disk can tell that a declared module differs. */
import type { PathHint } from '../../host/host.ts';
import type { Desired } from './desired.ts';
import { parameterPath } from './observe/observe-kernel.ts';
import { LOAD_FILE, OPTIONS_FILE } from './plan/own-files.ts';

/** Where drift shows; sysfs raises no inotify events, so what the kernel shows is polled. */
export function hintsFor({ entries }: Desired): readonly PathHint[] {
  if (entries.length === 0) return [];
  const files = [LOAD_FILE, OPTIONS_FILE].map((path): PathHint => ({ path, by: 'event' }));
  const live = entries.flatMap(({ name, parameters }): PathHint[] => [
    { path: `/sys/module/${name}`, by: 'poll' },
    ...Object.keys(parameters).map((parameter): PathHint => ({ path: parameterPath(name, parameter), by: 'poll' })),
  ]);
  return [...files, ...live];
}
