/** What the kinds of hints are on a host: most of them are a path that changes. */
import type { Hint, PathHint } from '../host.ts';

/**
 * systemd keeps a link here for each unit that is active, named after it, and makes it anew with every start. So one
 * inotify watch tells of start, stop, failure and restart (seen with systemd 252), without a child process
 * and without D-Bus, whose client would have to subscribe to the signals of all units.
 */
const UNITS = '/run/systemd/units';

/** What a watcher calls a hint when it tells of it: the path, `unit NAME`, `socket PATH` or `output of COMMAND`. */
export function hintName(hint: Hint): string {
  if ('path' in hint) return hint.path;
  if ('unit' in hint) return `unit ${hint.unit}`;
  return 'socket' in hint ? `socket ${hint.socket}` : `output of ${hint.output.join(' ')}`;
}

/** The path whose change is the hint; `undefined` when none is. */
export function pathHintOf(hint: Hint): PathHint | undefined {
  if ('path' in hint) return hint;
  if ('unit' in hint) return { path: `${UNITS}/invocation:${hint.unit}`, by: 'event' };
  // A server that starts again binds its socket anew, which shows in the inode; chokidar tells nothing of sockets.
  return 'socket' in hint ? { path: hint.socket, by: 'poll' } : undefined;
}
