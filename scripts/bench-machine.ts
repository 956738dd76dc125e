/**
 * Measures the built-in profile, which changes a whole host, on a virtual machine of the end-to-end
 * tests: by the shell of the guides, other tools and NodePrep. Prints ratios and times until repair.
 *   npm run build -- --no-archive && npm run bench:machine [ROUNDS]     as root; about a quarter of an hour
 */
import { existsSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { bootMachine } from '../test/e2e/harness/machine.ts';
import { whyNot } from '../test/e2e/harness/requirements.ts';
import { renderCosts } from './bench/costs.ts';
import { renderFigures } from './bench/figures.ts';
import { measureCosts } from './bench/machine-costs.ts';
import { measureCfengine, measureMgmt, measureNodeprep } from './bench/machine-daemons.ts';
import { rememberHost } from './bench/machine-host.ts';
import { prepareParts } from './bench/machine-parts.ts';
import { renderRepairs } from './bench/machine-repairs.ts';
import { progress } from './bench/progress.ts';
import { builtInProfile } from './bench/work.ts';
import { DIST } from './build/paths.ts';

const rounds = Number(process.argv[2] ?? 5);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('Cannot measure: the argument is a number of rounds');
if (!existsSync(join(DIST, 'nodeprep')))
  throw new Error('Cannot measure: there is no dist/nodeprep; run "npm run build" first');
const obstacle = whyNot();
if (obstacle !== undefined) throw new Error(`Cannot measure on virtual machines: ${obstacle}`);

progress('preparing the machine');
const { parts, remove } = await prepareParts();
process.on('exit', remove);
// The machine ends with the process, but only one that ends in order takes its files with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const machine = await bootMachine(parts);
try {
  const work = builtInProfile('kubeadm-worker');
  const host = await rememberHost(machine, work);
  const nodeprep = await measureNodeprep(machine, host);
  const cfengine = await measureCfengine(machine, host, work);
  const mgmt = await measureMgmt(machine, host, work);
  const costs = await measureCosts(machine, host, work, rounds);
  const load = loadavg()[0]?.toFixed(1);
  console.log(
    `QEMU on ${cpus().length} × ${cpus()[0]?.model}, load ${load} at the end; medians of ${rounds} alternating runs\n`,
  );
  const memory = [nodeprep, cfengine, mgmt].flatMap((one) => one.memory);
  for (const table of [renderCosts(costs), renderRepairs(nodeprep.repairs, mgmt.repairs), renderFigures(memory)])
    console.log(`${table}\n`);
} finally {
  await machine.stop();
}
