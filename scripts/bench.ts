/**
 * Measures what NodePrep costs, prints figures and ratios next to their targets.
 *   npm run build -- --no-archive && npm run bench      as root, on a machine that does little else
 */
import { existsSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { alternate } from './bench/alternate.ts';
import { type CostRow, renderCosts } from './bench/costs.ts';
import { type Figure, renderFigures } from './bench/figures.ts';
import { progress } from './bench/progress.ts';
import { runInWorld, worldObstacle } from './bench/world.ts';
import { NATIVE_NODE } from './build/node-binary.ts';
import { DIST } from './build/paths.ts';

const ROUNDS = 21;
const executable = join(DIST, 'nodeprep');
if (!existsSync(executable)) throw new Error('Cannot measure: there is no dist/nodeprep; run "npm run build" first');

progress('the start of the executable');
const costs = await alternate(
  [
    { name: 'node', command: [NATIVE_NODE, '-e', '0'] },
    { name: 'version', command: [executable, 'version'] },
    { name: 'plan', command: [executable, 'plan', '--profile', 'kubeadm-worker'] },
  ],
  ROUNDS,
);
const cost = (name: string) => costs.get(name) ?? { wallMs: Number.NaN, cpuMs: Number.NaN };
const [node, version, plan] = [cost('node'), cost('version'), cost('plan')];
const figures: Figure[] = [
  { name: '`node -e 0`', value: node.wallMs, unit: 'ms', note: `${node.cpuMs.toFixed(0)} ms of CPU` },
  { name: '`nodeprep version`', value: version.wallMs, unit: 'ms', note: `${version.cpuMs.toFixed(0)} ms of CPU` },
  {
    name: '`nodeprep plan`, built-in profile',
    value: plan.wallMs,
    unit: 'ms',
    note: `${plan.cpuMs.toFixed(0)} ms of CPU`,
  },
  { name: '`version` against `node -e 0`', value: version.wallMs / node.wallMs, unit: '×', target: 1.5 },
  { name: 'the same in CPU', value: version.cpuMs / node.cpuMs, unit: '×', target: 1.5 },
  { name: '`plan` against `version`', value: plan.wallMs / version.wallMs, unit: '×', target: 2 },
  { name: 'the same in CPU', value: plan.cpuMs / version.cpuMs, unit: '×', target: 2 },
];

console.log(
  `${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}, Node ${process.versions.node}; medians of ${ROUNDS} alternating runs\n`,
);
const obstacle = worldObstacle();
if (obstacle !== undefined) {
  console.log(renderFigures(figures));
  console.log(`\nThe daemon and other tools were not measured: ${obstacle}`);
} else {
  const inWorld = (script: string) => join(import.meta.dirname, 'bench', script);
  figures.push(...(JSON.parse(runInWorld(inWorld('daemon-in-world.ts'), [executable])) as Figure[]));
  console.log(renderFigures(figures));
  const costs = JSON.parse(runInWorld(inWorld('tools-in-world.ts'), [executable])) as CostRow[];
  console.log(`\n${renderCosts(costs)}`);
}
