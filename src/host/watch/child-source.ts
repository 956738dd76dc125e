/** Hints from programs that print a line when something changes, such as `nft monitor`, and run as long as we do. */
import { doubling } from '../doubling.ts';
import type { Command } from '../host.ts';
import { startCommand } from '../linux/commands/commands.ts';
import { ProcessGroup } from '../linux/commands/process-group.ts';
import { Burst } from './burst.ts';

const again = doubling({ firstMs: 1000, longestMs: 5 * 60_000, spread: 0.5 });
/** A child that ran for so long has not failed again and again. */
const STEADY_MS = 60_000;

interface Child {
  readonly command: Command;
  group: ProcessGroup | undefined;
  timer: NodeJS.Timeout | undefined;
  failures: number;
}

/** Keeps one child for each command, and tells the name of the hint when one prints, or has to be started again. */
export class ChildSource {
  readonly #enter: readonly string[];
  readonly #burst: Burst;
  readonly #children = new Map<string, Child>();

  /** `enter` is the helper that starts programs of the host, empty on the host itself. */
  constructor(enter: readonly string[], debounceMs: number, tell: (name: string) => void) {
    this.#enter = enter;
    this.#burst = new Burst(debounceMs, 20 * debounceMs, (names) => names.forEach(tell));
  }

  /** Replaces the children; one that is still wanted goes on. */
  watch(wanted: ReadonlyMap<string, Command>): void {
    for (const [name, child] of this.#children) if (!wanted.has(name)) this.#end(name, child);
    for (const [name, command] of wanted) {
      if (this.#children.has(name)) continue;
      const child: Child = { command, group: undefined, timer: undefined, failures: 0 };
      this.#children.set(name, child);
      this.#start(name, child);
    }
  }

  close(): void {
    for (const [name, child] of this.#children) this.#end(name, child);
    this.#burst.close();
  }

  #start(name: string, child: Child): void {
    const started = performance.now();
    try {
      const running = startCommand(child.command, this.#enter);
      const group = new ProcessGroup(running);
      child.group = group;
      running.on('error', () => this.#ended(name, child, started));
      running.stdout.on('data', () => this.#burst.note([name])).on('error', () => undefined);
      running.stderr.on('error', () => undefined).resume();
      group.whenOver(() => this.#ended(name, child, started));
      // A source of hints must not keep the process alive.
      running.unref();
    } catch {
      this.#ended(name, child, started);
    }
  }

  #ended(name: string, child: Child, started: number): void {
    if (this.#children.get(name) !== child || child.timer !== undefined) return;
    child.group = undefined;
    child.failures = performance.now() - started > STEADY_MS ? 1 : child.failures + 1;
    child.timer = setTimeout(
      () => {
        child.timer = undefined;
        this.#start(name, child);
        // No hint was raised for what changed while no child ran.
        this.#burst.note([name]);
      },
      again(child.failures, Math.random()),
    ).unref();
  }

  #end(name: string, child: Child): void {
    this.#children.delete(name);
    clearTimeout(child.timer);
    child.group?.end();
  }
}
