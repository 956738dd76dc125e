/**
 * Watches the host: inotify events where the kernel gives them, and a poll of what it does not tell
 * or not always tells (a write through another procfs mount, a side effect of another sysctl).
 * Both are hints; the loop looks for itself.
 */
import { realpathSync } from 'node:fs';
import { BEAT_MS } from '../beat.ts';
import type { Command, Hint, HostWatcher, PathHint } from '../host.ts';
import { enterHost } from '../linux/live-root.ts';
import { ChildSource } from './child-source.ts';
import { type EventListener, EventSource } from './event-source.ts';
import { hintName, pathHintOf } from './hints.ts';
import { PollSource } from './poll-source.ts';
import { SysctlSource } from './sysctl-source.ts';

/** How a host is watched. */
export interface HostWatcherOptions {
  /** The directory that is the host, `/` for this machine. */
  readonly root: string;
  /** Whether its kernel is the one we run on, as always with `/`. */
  readonly live?: boolean;
  /** Every multiple of it by the monotonic clock; default 1000. */
  readonly pollMs?: number;
  /** How long events are collected before they are told once per path; default 50. */
  readonly debounceMs?: number;
}

/** Makes a watcher that watches nothing yet; `close` it to let go of everything. */
export function createHostWatcher(options: HostWatcherOptions): HostWatcher {
  const real = realpathSync.native(options.root);
  const root = real === '/' ? '' : real;
  const live = root === '' || options.live === true;
  const unwatchable = new Set<string>();
  let tell: ((name: string, source: 'event' | 'poll') => void) | undefined;
  /** Names of the hints that are told by a path of their own. */
  let named = new Map<string, string>();
  const tellPath = (path: string, source: 'event' | 'poll') => tell?.(named.get(path) ?? path, source);
  const isSilent = (path: string) => live && !raisesEvents(path);
  const isSysctl = (path: string) => live && path.startsWith(SYSCTLS);

  const polls = new PollSource({ root, live }, options.pollMs ?? BEAT_MS, (path, how) => {
    // The kernel raises no event when a module brings its sysctls, so the watch on them begins now.
    if (how === 'appeared' && isSysctl(path)) parameters.renew(path);
    tellPath(path, 'poll');
  });
  const listener: EventListener = {
    onEvent: (path) => tellPath(path, 'event'),
    onUnwatchable: (path) => {
      unwatchable.add(path);
      polls.add(path);
    },
  };
  const events = new EventSource(root, options.debounceMs ?? 50, listener);
  const parameters = new SysctlSource(root, options.debounceMs ?? 50, listener, (path) => polls.differs(path));
  const enter = root === '' ? [] : enterHost(root);
  const children = new ChildSource(enter, options.debounceMs ?? 50, (name) => tell?.(name, 'event'));

  return {
    watch: async (wantedHints, onHint) => {
      tell = onHint;
      const hints = wantedHints.map(pathHintOf).filter((hint) => hint !== undefined);
      named = new Map(
        wantedHints.flatMap((hint) => ('path' in hint ? [] : [[pathHintOf(hint)?.path ?? '', hintName(hint)]])),
      );
      // A directory that stands for a host runs no program.
      children.watch(new Map(live ? wantedHints.flatMap(outputOf) : []));
      const pathsOf = (wanted: (hint: PathHint) => boolean) => [
        ...new Set(hints.filter(wanted).map((hint) => hint.path)),
      ];
      polls.watch(hints.filter(({ by, path }) => by !== 'event' || isSilent(path) || unwatchable.has(path)));
      parameters.watch(pathsOf(({ by, path }) => by !== 'poll' && isSysctl(path)));
      await events.watch(pathsOf(({ by, path }) => by !== 'poll' && !isSysctl(path) && !isSilent(path)));
    },
    close: async () => {
      tell = undefined;
      children.close();
      polls.close();
      parameters.close();
      await events.close();
    },
  };
}

function outputOf(hint: Hint): [string, Command][] {
  return 'output' in hint ? [[hintName(hint), hint.output]] : [];
}

const SYSCTLS = '/proc/sys/';

/** Of /proc and /sys only writes to sysctls raise inotify events (inotify(7)). */
function raisesEvents(path: string): boolean {
  return path.startsWith(SYSCTLS) || !/^\/(proc|sys)(\/|$)/.test(path);
}
