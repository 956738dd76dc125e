/** The built-in profile by every tool in the machine, in turn: first convergence, then with nothing to do. */
import { type Machine, TOOLS } from '../../test/e2e/harness/machine.ts';
import type { CostRow } from './costs.ts';
import { median } from './figures.ts';
import type { BenchHost } from './machine-host.ts';
import { progress } from './progress.ts';
import { SHELL, toolsFor } from './tools.ts';
import type { Work } from './work.ts';

/** The executable as the machine sees it. */
export const NODEPREP = `${TOOLS}/nodeprep`;

const OF = 'built-in profile';
const WORKS = ['first convergence', 'nothing to do'] as const;
/** Ansible under emulation takes minutes on a busy machine. */
const RUN_MS = 900_000;

interface Contender {
  readonly name: string;
  readonly command: readonly string[];
  readonly isSlow: boolean;
}

interface Run {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Known when it was asked for. */
  readonly peakMb: number;
  readonly failure: string | undefined;
}

/** Measures every tool that the machine has, slow ones in the last round only; the others are named as missing. */
export async function measureCosts(machine: Machine, host: BenchHost, work: Work, rounds: number): Promise<CostRow[]> {
  const tools = toolsFor(work);
  const installed = new Set<string>();
  for (const { program, file, text } of tools) {
    const { exitCode } = await machine.exec(`PATH=$PATH:${TOOLS} command -v ${program}`);
    if (exitCode !== 0) continue;
    installed.add(program);
    await machine.put(file, text);
    // CFEngine reads no policy that others could write.
    await machine.run(`chmod 600 ${file}`);
  }
  const present: readonly Contender[] = tools.filter(({ program }) => installed.has(program));
  // Who takes minutes comes last, so that the others meet the machine in the same mood.
  const contenders = [
    ...present.filter(({ isSlow }) => !isSlow),
    { name: 'nodeprep bootstrap', command: [NODEPREP, 'bootstrap'], isSlow: false },
    ...present.filter(({ isSlow }) => isSlow),
  ];
  progress(`${OF}: ${contenders.map(({ name }) => name).join(', ')} in turn`);
  const runs = new Map<string, Run[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      if (contender.isSlow && round + 1 < rounds) continue;
      await host.reset();
      for (const kind of WORKS) {
        const run = await runOnce(machine, contender, round === 0 || contender.isSlow);
        const failure = run.failure ?? ((await host.isDone()) ? undefined : 'not reached');
        const result = failure ?? `${run.wallMs.toFixed(0)} ms, ${run.cpuMs.toFixed(0)} ms of CPU`;
        progress(`round ${round + 1} of ${rounds}, ${kind}, ${contender.name}: ${result}`);
        const key = `${kind} ${contender.name}`;
        runs.set(key, [...(runs.get(key) ?? []), { ...run, failure }]);
      }
    }
  }
  const names = contenders.map(({ name }) => name);
  const missing = tools.filter(({ program }) => !installed.has(program)).map(({ name }) => name);
  return WORKS.flatMap((kind) => [
    ...names.map((name) => {
      const ofShell = runs.get(`${kind} ${SHELL}`) ?? [];
      return { of: OF, work: kind, name, cost: costOf(runs.get(`${kind} ${name}`) ?? [], ofShell) };
    }),
    ...missing.map((name) => ({ of: OF, work: kind, name, cost: 'not installed' })),
  ]);
}

/** GNU time is one process more, so quick contenders are asked for their memory in the first round, which is cold anyhow. */
async function runOnce(machine: Machine, { command }: Contender, withMemory: boolean): Promise<Run> {
  const quoted = command.map((word) => `'${word}'`).join(' ');
  const output = await machine.run(
    `export PATH=$PATH:${TOOLS} LC_ALL=C.UTF-8
     echo 0 >/run/bench/peak
     start=\${EPOCHREALTIME/./}
     ${withMemory ? '/usr/bin/time -q -f %M -o /run/bench/peak ' : ''}${quoted} >/run/bench/output 2>&1
     status=$?
     end=\${EPOCHREALTIME/./}
     times
     echo $status $((end - start)) $(cat /run/bench/peak)
     [ $status = 0 ] || tail -n 5 /run/bench/output`,
    { timeoutMs: RUN_MS },
  );
  const [, children = '', figures = '', ...words] = output.split('\n');
  const cpu = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds),
  );
  const [status, microseconds, peakKb] = figures.split(' ').map(Number);
  return {
    wallMs: (microseconds ?? Number.NaN) / 1000,
    cpuMs: cpu.reduce((sum, seconds) => sum + seconds * 1000, 0),
    peakMb: (peakKb ?? Number.NaN) / 1024,
    failure: status === 0 ? undefined : `failed: ${words.join(' ')}`,
  };
}

/** Compares each run with that of the shell in the same round, because the emulator is slow or fast by what else runs. */
function costOf(runs: readonly Run[], ofShell: readonly Run[]): CostRow['cost'] {
  if (runs.some(({ failure }) => failure !== undefined)) return 'does not converge';
  const shell = ofShell.slice(-runs.length);
  return {
    timesShell: median(runs.map(({ wallMs }, index) => wallMs / (shell[index]?.wallMs ?? Number.NaN))),
    wallMs: median(runs.map(({ wallMs }) => wallMs)),
    cpuMs: median(runs.map(({ cpuMs }) => cpuMs)),
    peakMb: Math.max(...runs.map(({ peakMb }) => peakMb)),
  };
}
