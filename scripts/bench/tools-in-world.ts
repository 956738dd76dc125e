/** Inside a world: the same sysctls by the commands of the guides, by other tools, and by NodePrep. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isInstalled } from '../build/run.ts';
import { alternate, type Contender } from './alternate.ts';
import type { CostRow } from './costs.ts';
import { peakMemoryMb } from './peak-memory.ts';
import { progress } from './progress.ts';
import { type Tool, toolsFor } from './tools.ts';
import { furnishWorld, sysctlDocument, sysctlFile, worldSysctls } from './world.ts';

const [executable = '', rounds = '7'] = process.argv.slice(2);
furnishWorld();
// mgmt talks to itself over loopback.
execFileSync('ip', ['link', 'set', 'lo', 'up']);
mkdirSync('/etc/sysctl.d');
const rows: CostRow[] = [];
for (const count of [10, 100]) {
  const before = worldSysctls(count);
  const wanted = new Map([...before].map(([name, value]) => [name, value + 1]));
  writeFileSync('/etc/nodeprep/nodeprep.yaml', sysctlDocument(wanted));
  const tools = toolsFor({ modules: [], sysctls: wanted, isWholeHost: false });
  const all: readonly Contender[] = [
    ...tools.filter(({ program }) => isInstalled(program)).map((tool) => contender(tool, count)),
    { name: 'nodeprep bootstrap', command: [executable, 'bootstrap'] },
  ];
  const missing = tools.filter(({ program }) => !isInstalled(program)).map(({ name }) => name);
  const reset = () => {
    for (const [name, value] of before) writeFileSync(sysctlFile(name), String(value));
  };
  const converging = all.map((one) => ({ ...one, before: reset }));
  await measure(`${count} sysctls`, 'first convergence', converging, missing);
  await measure(`${count} sysctls`, 'nothing to do', all, missing);
  reset();
}
console.log(JSON.stringify(rows));

function contender({ name, file, text, command, isSlow }: Tool, count: number): Contender {
  mkdirSync(dirname(file), { recursive: true });
  // CFEngine reads no policy that others could write.
  writeFileSync(file, text, { mode: 0o600 });
  return { name, command, ...(isSlow ? { slowRounds: count > 10 ? 1 : 2 } : {}) };
}

async function measure(of: string, work: string, all: readonly Contender[], missing: readonly string[]): Promise<void> {
  progress(`${of}, ${work}: ${all.map(({ name }) => name).join(', ')} in turn`);
  const costs = await alternate(all, Number(rounds));
  for (const { name, command, before } of all) {
    const cost = costs.get(name);
    if (cost === undefined) continue;
    if (cost.peakMb === undefined) before?.();
    const peakMb = cost.peakMb ?? (await peakMemoryMb(command));
    rows.push({ of, work, name, cost: { ...cost, peakMb } });
  }
  for (const name of missing) rows.push({ of, work, name, cost: 'not installed' });
}
