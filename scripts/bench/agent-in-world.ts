/**
 * Inside a world: the memory of the executable as the agent of a cluster, at rest, after its spec was changed again and
 * again, and after its connection was. The API server is a real one, and runs in the world as well.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Assets } from '../../test/apiserver/harness/assets.ts';
import { type ControlPlane, startPrograms } from '../../test/apiserver/harness/control-plane-processes.ts';
import { startBreakingProxy } from './breaking-proxy.ts';
import type { Memory } from './process-memory.ts';
import { type RunningDaemon, startDaemon } from './running-daemon.ts';
import { furnishWorld, worldSysctls } from './world.ts';

/** One row of what is printed, as JSON. */
export interface AgentMemory {
  readonly what: string;
  readonly memory: Memory;
}

const NODE = 'bench';
const NODE_PREPS = '/apis/nodeprep.dev/v1alpha1/nodepreps';
const CRD = join(import.meta.dirname, '../../crds/nodeprep.dev_nodepreps.yaml');
const CHANGES = 100;
const RECONNECTS = 50;
const IDLE_MS = 30_000;
const [executable = '', programs = '{}'] = process.argv.slice(2);
const found: AgentMemory[] = [];

execFileSync('ip', ['link', 'set', 'lo', 'up']);
// Started before the world hides what openssl and kubectl read.
const plane = await startPrograms(JSON.parse(programs) as Assets, { flavor: 'full' });
try {
  await measure(plane);
  console.log(JSON.stringify(found));
} finally {
  await plane.stop();
}

async function measure({ kubectl, kubeconfigFor, send, authority, admin, port }: ControlPlane): Promise<void> {
  const applied = await kubectl(['apply', '--validate=false', '-f', CRD]);
  if (applied.code !== 0) throw new Error(`The CRD was not installed: ${applied.err}`);
  furnishWorld();
  const declared = [...worldSysctls(40)];
  const specOf = (change: number) => ({
    sysctls: declared.map(([name, value], at) => ({ name, value: value + (at < change % 10 ? 1 : 0) })),
  });
  await create({ send }, specOf(0));
  const proxy = await startBreakingProxy(port);
  const identity = { ca: authority.ca, cert: admin.cert, key: admin.key };
  const kubeconfig = await kubeconfigFor('agent', identity, proxy.url);
  const agent = await startDaemon(executable, ['--kube', '--kubeconfig', kubeconfig, '--node-name', NODE]);
  const note = (what: string, memory = agent.memoryMb()) => found.push({ what, memory });
  try {
    await sleep(5000);
    note('at rest');
    const most = await largestWhile(agent, async () => {
      for (let change = 1; change <= CHANGES; change += 1) {
        const patch = { spec: specOf(change) };
        const { code, body } = await send('PATCH', `${NODE_PREPS}/${NODE}`, patch, 'application/merge-patch+json');
        if (code !== 200) throw new Error(`The spec was not changed: ${JSON.stringify(body)}`);
        await sleep(50);
        if (change === 25) note('after 25 changed specs');
      }
    });
    note(`most during ${CHANGES} changed specs`, most);
    note('after them');
    let reconnects = 0;
    const broken = await largestWhile(agent, async () => {
      // A watch that says nothing before it breaks makes the agent wait longer each time.
      const saying = setInterval(() => {
        const metadata = { annotations: { at: String(performance.now()) } };
        void send('PATCH', `${NODE_PREPS}/${NODE}`, { metadata }, 'application/merge-patch+json').catch(() => {});
      }, 200);
      reconnects = await proxy.breakOff(RECONNECTS, 60_000);
      clearInterval(saying);
    });
    note(`most during ${reconnects} broken connections`, broken);
    await sleep(IDLE_MS);
    note(`${IDLE_MS / 1000} s later`);
  } finally {
    await agent.stop();
    proxy.close();
  }
}

/** The kind is served a moment after its definition was taken. */
async function create({ send }: Pick<ControlPlane, 'send'>, spec: object): Promise<void> {
  const body = { apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', metadata: { name: NODE }, spec };
  for (let tries = 0; (await send('POST', NODE_PREPS, body)).code !== 201; tries += 1) {
    if (tries === 100) throw new Error('The API server does not take a NodePrep');
    await sleep(100);
  }
}

async function largestWhile(agent: RunningDaemon, work: () => Promise<void>): Promise<Memory> {
  let most = agent.memoryMb();
  const looking = setInterval(() => {
    const now = agent.memoryMb();
    if (now.rss > most.rss) most = now;
  }, 10);
  await work();
  clearInterval(looking);
  return most;
}
