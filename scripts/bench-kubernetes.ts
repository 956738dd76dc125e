/**
 * Measures the memory of an agent: the executable against a real API server, where root can give both a world of their
 * own; and the part that follows the object, which loses its connection thousands of times.
 *   npm run build -- --no-archive && npm run bench:kubernetes     10,000 reconnects, some minutes
 *   npm run bench:kubernetes -- 500 1000                          after as many as given
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { prepareAssets } from '../test/apiserver/harness/assets.ts';
import type { AgentMemory } from './bench/agent-in-world.ts';
import { measureReconnects, type Sample } from './bench/reconnects.ts';
import { runInWorld, worldObstacle } from './bench/world.ts';
import { DIST } from './build/paths.ts';

/** For all of the agent, whatever it has just done. */
const TARGET_MB = 70;

const given = process.argv.slice(2).map(Number);
const steps = given.length > 0 ? given : [0, 1000, 5000, 10_000];
if (steps.some((step, index) => !Number.isInteger(step) || step < (steps[index - 1] ?? 0)))
  throw new Error('Cannot measure: the arguments are rising numbers of reconnects');

measureAgent();
console.log('\nreconnects   RSS MB   anonymous MB   open files');
const show = ({ reconnects, rssMb, anonymousMb, openFiles }: Sample) =>
  console.log(
    [
      String(reconnects).padStart(10),
      rssMb.toFixed(1).padStart(8),
      anonymousMb.toFixed(1).padStart(14),
      String(openFiles).padStart(12),
    ].join(' '),
  );
await measureReconnects(steps, show);

function measureAgent(): void {
  const executable = join(DIST, 'nodeprep');
  const { assets, skipped } = prepareAssets();
  const obstacle =
    worldObstacle() ??
    skipped ??
    (existsSync(executable) ? undefined : 'there is no dist/nodeprep; run "npm run build"');
  if (obstacle !== undefined || assets.full === undefined) {
    console.log(`The memory of the executable was not measured: ${obstacle}`);
    return;
  }
  const script = join(import.meta.dirname, 'bench/agent-in-world.ts');
  const rows = JSON.parse(runInWorld(script, [executable, JSON.stringify(assets.full)])) as AgentMemory[];
  console.log('| the agent | resident | anonymous | of files | target | |\n|---|---|---|---|---|---|');
  for (const { what, memory } of rows) {
    const [rss, anonymous, ofFiles] = [memory.rss, memory.anonymous, memory.ofFiles].map((mb) => `${mb.toFixed(1)} MB`);
    const verdict = memory.rss <= TARGET_MB ? 'met' : 'missed';
    console.log(`| ${what} | ${rss} | ${anonymous} | ${ofFiles} | ≤ ${TARGET_MB} MB | ${verdict} |`);
  }
}
