/** How long a test file takes on a machine that has nothing else to do, told on one that has. */
import { readFileSync } from 'node:fs';

/** What was used up to a moment, in seconds. */
export interface Usage {
  readonly wall: number;
  /** Processor time of this process and of its children that have ended. */
  readonly cpu: number;
  /** Time in which something on this machine waited for a processor; 0 where the kernel does not tell. */
  readonly stalled: number;
}

/** What this process has used so far. */
export function usageNow(): Usage {
  const pressure = textOf('/proc/pressure/cpu');
  return {
    wall: performance.now() / 1000,
    cpu: cpuSecondsFrom(textOf('/proc/self/stat')),
    stalled: Number(/^some .*total=(\d+)/m.exec(pressure)?.[1] ?? 0) / 1e6,
  };
}

/** User and system time of a process and its awaited children, of the text of /proc/PID/stat. */
export function cpuSecondsFrom(stat: string): number {
  // The second field is a name in parentheses, in which anything may be.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).map(Number);
  return ticks.length === 4 ? ticks.reduce((sum, each) => sum + each, 0) / 100 : 0;
}

/**
 * The time between two moments without what others took: never less than a file computed, and never less than it
 * waited while the machine was idle. Errs on the short side, so that a busy machine fails no test.
 */
export function quietSeconds(from: Usage, to: Usage): number {
  const [wall, cpu, stalled] = [to.wall - from.wall, to.cpu - from.cpu, to.stalled - from.stalled];
  return Math.min(wall, Math.max(cpu, wall - stalled));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
