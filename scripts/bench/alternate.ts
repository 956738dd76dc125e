import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { median } from './figures.ts';
import { peakMemoryMb } from './peak-memory.ts';
import { progress } from './progress.ts';

/** What one contender cost. */
export interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Known when the contender is slow: looking at its memory meanwhile does not change its time then. */
  readonly peakMb?: number;
}

/** A program and its arguments, with what has to be done before each run and is not measured. */
export interface Contender {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly before?: () => void;
  /** Takes part in the first rounds only, and says so when its turn comes. */
  readonly slowRounds?: number;
}

/** How often the memory of a slow contender is looked at. */
const SLOW_SAMPLE_MS = 25;

/**
 * Runs contenders in turn, so that what else the machine does hits all of them alike. Wall time is
 * the median; CPU time, which the kernel tells in ticks of 10 ms, is the mean, where the error evens out.
 */
export async function alternate(contenders: readonly Contender[], rounds: number): Promise<ReadonlyMap<string, Cost>> {
  const runs = new Map<string, Cost[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      const { name, before, slowRounds } = contender;
      if (round >= (slowRounds ?? rounds)) continue;
      if (slowRounds !== undefined) progress(`${name}, ${round + 1} of ${slowRounds}`);
      before?.();
      runs.get(name)?.push(await runOnce(contender));
    }
  }
  return new Map([...runs].map(([name, all]) => [name, costOf(all)]));
}

async function runOnce({ command, slowRounds }: Contender): Promise<Cost> {
  const [program, ...args] = command;
  const cpuBefore = childrenCpuMs();
  const start = performance.now();
  if (slowRounds !== undefined) {
    const peakMb = await peakMemoryMb(command, SLOW_SAMPLE_MS);
    return { wallMs: performance.now() - start, cpuMs: childrenCpuMs() - cpuBefore, peakMb };
  }
  const { error } = spawnSync(program, args, { stdio: 'ignore' });
  if (error !== undefined) throw new Error(`Cannot run "${program}"`, { cause: error });
  return { wallMs: performance.now() - start, cpuMs: childrenCpuMs() - cpuBefore };
}

function costOf(runs: readonly Cost[]): Cost {
  const peaks = runs.map(({ peakMb }) => peakMb).filter((peak) => peak !== undefined);
  return {
    wallMs: median(runs.map(({ wallMs }) => wallMs)),
    cpuMs: runs.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / runs.length,
    ...(peaks.length === 0 ? {} : { peakMb: Math.max(...peaks) }),
  };
}

/** User and system time of all ended children, proc(5): cutime and cstime. */
function childrenCpuMs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) * 10;
}
