/**
 * Hints from the kernel (inotify, by way of chokidar).
 *
 * A watched path may be a file that is replaced by rename, a directory, a link, or missing with its
 * parents. chokidar follows a file that is replaced and waits for one that is missing, but not for
 * what appears inside of a directory that is itself new; so after a change of directories or links
 * everything is watched anew, which costs a few milliseconds and happens hardly ever.
 */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { Burst } from './burst.ts';
import { linkTrail } from './link-trail.ts';

/** chokidar tells that it is ready after a first look at every path; a stuck file system must not hold us up. */
const readyMs = 5000;

/** What an event source tells. */
export interface EventListener {
  readonly onEvent: (path: string) => void;
  /** The kernel will not tell about this path, for example because no inotify watches are left. */
  readonly onUnwatchable: (path: string) => void;
}

/** Watches paths of one host by events, and tells each at most once per debounce time. */
export class EventSource {
  readonly #root: string;
  readonly #burst: Burst;
  readonly #listener: EventListener;
  /** The trail of links of each path, see `linkTrail`. */
  #trails = new Map<string, readonly string[]>();
  #watcher: FSWatcher | undefined;
  #stale = false;
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(root: string, debounceMs: number, listener: EventListener) {
    this.#root = root;
    this.#burst = new Burst(debounceMs, debounceMs, (paths) => void this.#inTurn(() => this.#tell(paths)));
    this.#listener = listener;
    // These would turn on polling, and with it thousands of wake-ups an hour, whatever the options say.
    delete process.env['CHOKIDAR_USEPOLLING'];
    delete process.env['CHOKIDAR_INTERVAL'];
  }

  /** Replaces the watched paths; resolves when the kernel watches them. */
  watch(paths: readonly string[]): Promise<void> {
    const unchanged = paths.length === this.#trails.size && paths.every((path) => this.#trails.has(path));
    if (unchanged) return this.#turn;
    return this.#inTurn(() => this.#watchAnew(paths));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#burst.close();
    await this.#turn;
    this.#trails = new Map();
    await this.#watcher?.close();
    this.#watcher = undefined;
  }

  async #watchAnew(paths: readonly string[]): Promise<void> {
    if (this.#closed) return;
    this.#trails = new Map(paths.map((path) => [path, linkTrail(this.#root, path)]));
    const previous = this.#watcher;
    this.#watcher =
      paths.length === 0 ? undefined : await this.#started([...new Set([...this.#trails.values()].flat())]);
    // Closed last, so that nothing happens between the two unseen.
    await previous?.close();
  }

  async #started(paths: readonly string[]): Promise<FSWatcher> {
    const watcher = watch([...paths], {
      backend: 'native',
      persistent: false,
      ignoreInitial: true,
      // Links are watched as themselves, and what they lead to by its own name: a dangling one is told then, too.
      followSymlinks: false,
      depth: 0,
      atomic: false,
    });
    watcher.on('all', (event, path) => this.#noticed(event, path));
    watcher.on('error', (error) => this.#failed(error));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, readyMs);
      watcher.once('ready', () => {
        clearTimeout(timer);
        resolve();
      });
    });
    return watcher;
  }

  #noticed(event: string, path: string): void {
    const related: string[] = [];
    for (const [hinted, trail] of this.#trails) {
      if (!trail.some((part) => part === path || isBelow(path, part) || isBelow(part, path))) continue;
      related.push(hinted);
      // A changed link leads elsewhere now, and a file that comes back may be a link.
      if (trail.includes(path) && (event === 'add' || path !== trail.at(-1))) this.#stale = true;
    }
    if (this.#closed || related.length === 0) return;
    if (event === 'addDir' || event === 'unlinkDir') this.#stale = true;
    if (event === 'unlink' && !existsSync(dirname(path))) this.#stale = true;
    // A look at once would be at what is being remade.
    this.#burst.note(related, this.#stale);
  }

  async #tell(paths: readonly string[]): Promise<void> {
    let told = paths;
    if (this.#stale) {
      this.#stale = false;
      await this.#watchAnew([...this.#trails.keys()]);
      // Between two watches the kernel may have told the one that is closed now: everything may have changed.
      told = [...this.#trails.keys()];
    }
    if (this.#closed) return;
    // Told after the watch is in place: a look at the host now sees what happened in between.
    for (const path of told) if (this.#trails.has(path)) this.#listener.onEvent(path);
  }

  #failed(error: unknown): void {
    const { path, code } = error as NodeJS.ErrnoException;
    const outOfWatches = code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE';
    for (const [hinted, trail] of this.#trails) {
      if (outOfWatches || path === undefined || trail.includes(path)) this.#listener.onUnwatchable(hinted);
    }
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(task).catch((error: unknown) => this.#failed(error));
    return this.#turn;
  }
}

const isBelow = (path: string, directory: string) => path.startsWith(directory === '/' ? '/' : `${directory}/`);
