import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { median } from './figures.ts';

/** What one contender cost. */
export interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** A program and its arguments, with what has to be done before each run and is not measured. */
export interface Contender {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly before?: () => void;
  /** Takes part in the first rounds only, because it is slow. */
  readonly rounds?: number;
}

/**
 * Runs contenders in turn, so that what else the machine does hits all of them alike. Wall time is
 * the median; CPU time, which the kernel tells in ticks of 10 ms, is the mean, where the error evens out.
 */
export function alternate(contenders: readonly Contender[], rounds: number): ReadonlyMap<string, Cost> {
  const wall = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  const cpu = new Map<string, number>();
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, command, before, rounds: most = rounds } of contenders) {
      if (round >= most) continue;
      before?.();
      const [program, ...args] = command;
      const cpuBefore = childrenCpuMs();
      const start = performance.now();
      const { error } = spawnSync(program, args, { stdio: 'ignore' });
      if (error !== undefined) throw new Error(`Cannot run "${program}"`, { cause: error });
      wall.get(name)?.push(performance.now() - start);
      cpu.set(name, (cpu.get(name) ?? 0) + childrenCpuMs() - cpuBefore);
    }
  }
  return new Map(
    contenders.map(({ name, rounds: most = rounds }) => [
      name,
      { wallMs: median(wall.get(name) ?? []), cpuMs: (cpu.get(name) ?? 0) / Math.min(most, rounds) },
    ]),
  );
}

/** User and system time of all ended children, proc(5): cutime and cstime. */
function childrenCpuMs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) * 10;
}
