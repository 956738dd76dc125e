/** Inside a world: the same sysctls by the commands of the guides, by other tools, and by NodePrep. */
import { writeFileSync } from 'node:fs';
import { alternate, type Contender } from './alternate.ts';
import { peakMemoryMb } from './peak-memory.ts';
import { contenders } from './tools.ts';
import { furnishWorld, sysctlDocument, sysctlFile, worldSysctls } from './world.ts';

const [executable = '', rounds = '7'] = process.argv.slice(2);
furnishWorld();
const results: { count: number; work: string; name: string; wallMs: number; cpuMs: number; peakMb: number }[] = [];
for (const count of [10, 100]) {
  const before = worldSysctls(count);
  const wanted = new Map([...before].map(([name, value]) => [name, value + 1]));
  writeFileSync('/etc/nodeprep/nodeprep.yaml', sysctlDocument(wanted));
  const all = contenders(executable, wanted);
  const reset = () => {
    for (const [name, value] of before) writeFileSync(sysctlFile(name), String(value));
  };
  await measure(
    count,
    'first convergence',
    all.map((one) => ({ ...one, before: reset })),
  );
  await measure(count, 'nothing to do', all);
  reset();
}
console.log(JSON.stringify(results));

async function measure(count: number, work: string, all: readonly Contender[]): Promise<void> {
  const costs = alternate(all, Number(rounds));
  for (const { name, command, before } of all) {
    const cost = costs.get(name);
    if (cost === undefined) continue;
    before?.();
    results.push({ count, work, name, ...cost, peakMb: await peakMemoryMb(command) });
  }
}
