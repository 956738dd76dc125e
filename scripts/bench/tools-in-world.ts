/** Inside a world: the same sysctls by the commands of the guides, by other tools, and by NodePrep. */
import { writeFileSync } from 'node:fs';
import { alternate, type Contender } from './alternate.ts';
import { contenders } from './tools.ts';
import { furnishWorld, sysctlDocument, sysctlFile, worldSysctls } from './world.ts';

const [executable = '', rounds = '7'] = process.argv.slice(2);
furnishWorld();
const results: { count: number; work: string; name: string; wallMs: number; cpuMs: number }[] = [];
for (const count of [10, 100]) {
  const before = worldSysctls(count);
  const wanted = new Map([...before].map(([name, value]) => [name, value + 1]));
  writeFileSync('/etc/nodeprep/nodeprep.yaml', sysctlDocument(wanted));
  const all = contenders(executable, wanted);
  const reset = () => {
    for (const [name, value] of before) writeFileSync(sysctlFile(name), String(value));
  };
  measure(
    count,
    'first convergence',
    all.map((one) => ({ ...one, before: reset })),
  );
  measure(count, 'nothing to do', all);
  reset();
}
console.log(JSON.stringify(results));

function measure(count: number, work: string, all: readonly Contender[]): void {
  for (const [name, cost] of alternate(all, Number(rounds))) results.push({ count, work, name, ...cost });
}
