/** 200 agents and one API server: what they ask at rest, when all specs change at once, and after an outage. */
import { afterAll, expect, test } from 'vitest';
import type { ControlPlane } from './harness/control-plane.ts';
import { usingControlPlane } from './harness/control-plane.ts';
import { installDefinition, makeNamespace, NODEPREPS } from './harness/definition.ts';
import { type Asked, type Fleet, startFleet } from './harness/fleet.ts';

const COUNT = 200;
const SOON = { timeout: 120_000, interval: 250 };

const plane = usingControlPlane({ flavor: 'full', prepare });
let fleet: Fleet | undefined;
afterAll(() => fleet?.stop());

/** Nodes as kubelets register them, and agents that the server treats like any other user. */
async function prepare(server: ControlPlane): Promise<void> {
  await installDefinition(server);
  await makeNamespace(server);
  const bound = ['create', 'clusterrolebinding', 'fleet', '--clusterrole=cluster-admin', '--user=fleet'];
  const { code, err } = await server.kubectl(bound);
  if (code !== 0) throw new Error(err);
  for (let at = 1; at <= COUNT; at += 1)
    await server.send('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: `fleet-${at}` } });
}

async function nodePreps() {
  const { body } = await plane().send('GET', NODEPREPS);
  return (
    body as { items: { metadata: { name: string; generation: number }; status?: { observedGeneration: number } }[] }
  ).items;
}

/** Nodes whose status speaks of the newest spec. */
const settled = async () =>
  (await nodePreps()).filter(({ metadata, status }) => status?.observedGeneration === metadata.generation).length;

/** Watches of NodePreps that the server serves, by its own account. */
async function watching(): Promise<number> {
  const { body } = await plane().send('GET', '/metrics');
  const lines = String(body)
    .split('\n')
    .filter((line) => /^apiserver_longrunning_(gauge|requests)\{/.test(line))
    // 1.20 counts a watch of one object as GET; nothing else that runs long is asked of the kind.
    .filter((line) => line.includes('resource="nodepreps"'));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** What was asked since, and the worst second of it. */
function askedSince(since: number, asked: readonly Asked[]) {
  const seen = asked.filter(({ atMs }) => atMs >= since);
  const bySecond = Map.groupBy(seen, ({ atMs }) => Math.floor((atMs - since) / 1000));
  const byNode = Map.groupBy(seen, ({ node }) => node);
  const kinds = Map.groupBy(
    seen,
    ({ method, path }) => `${method} ${path.replace(/events\/.*/, 'events/EVENT').replace(/fleet-\d+/, 'NODE')}`,
  );
  return {
    total: seen.length,
    peak: Math.max(0, ...[...bySecond.values()].map((list) => list.length)),
    mostOfOneNode: Math.max(0, ...[...byNode.values()].map((list) => list.length)),
    kinds: Object.fromEntries([...kinds].map(([kind, list]) => [kind, list.length])),
  };
}

function say(what: string, since: number, asked: readonly Asked[]): ReturnType<typeof askedSince> {
  const figures = askedSince(since, asked);
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  console.log(
    `fleet of ${COUNT}, ${what}: ${figures.total} requests in ${seconds} s, at most ${figures.peak} in a second and ${figures.mostOfOneNode} of one node\n  ${JSON.stringify(figures.kinds)}`,
  );
  return figures;
}

const passing = (ms: number) =>
  new Promise<void>((done) => {
    setTimeout(done, ms);
  });

test('registers and reports with a few requests of each node, all started in one moment', {
  timeout: 180_000,
}, async () => {
  const { authority, kubeconfigFor } = plane();
  const { cert, key } = await authority.forUser('fleet');
  const kubeconfig = await kubeconfigFor('fleet', { ca: authority.ca, cert, key });
  const since = performance.now();

  fleet = startFleet(kubeconfig, COUNT);
  await expect.poll(settled, SOON).toBe(COUNT);

  expect(say('starting', since, fleet.asked).mostOfOneNode).toBeLessThanOrEqual(30);
});

test('asks nearly nothing at rest: less than one request a minute of each node', { timeout: 180_000 }, async () => {
  const { asked } = running();
  await passing(10_000);
  const since = performance.now();

  await passing(30_000);

  const { total, kinds } = say('at rest', since, asked);
  const leases = Object.entries(kinds).reduce((sum, [kind, count]) => sum + (kind.includes('/leases/') ? count : 0), 0);
  expect(total - leases).toBeLessThan(COUNT / 2);
  // Nodes that were started in one moment renew in one moment, every two minutes; a refused one is tried again.
  expect(leases).toBeLessThan(COUNT * 1.25);
});

test('follows a change of every spec with a status, an Event and a condition each', { timeout: 180_000 }, async () => {
  const { asked, nodes } = running();
  const since = performance.now();

  const patch = { spec: { sysctls: [{ name: 'vm.swappiness', value: 10 }] } };
  for (const node of nodes) {
    const { code } = await plane().send('PATCH', `${NODEPREPS}/${node}`, patch, 'application/merge-patch+json');
    expect(code).toBe(200);
  }
  await expect.poll(settled, SOON).toBe(COUNT);
  await passing(10_000);

  const figures = say('with every spec changed', since, asked);
  expect(figures.mostOfOneNode).toBeLessThanOrEqual(10);
  expect(figures.total).toBeLessThanOrEqual(8 * COUNT);
});

test('comes back from an outage one after the other', { timeout: 240_000 }, async () => {
  const { asked } = running();
  const { stopServer, startServer } = plane();
  await stopServer('SIGKILL');
  const gone = performance.now();
  await passing(40_000);
  const during = say('without an API server', gone, asked);
  const lateMs = performance.now() - 10_000;
  const late = asked.filter(({ atMs }) => atMs >= lateMs).length / 10;

  const back = performance.now();
  await startServer();
  await expect.poll(watching, SOON).toBe(COUNT);
  const returned = say('from the start of the API server until every watch stood', back, asked);
  await passing(15_000);
  const after = say('and 15 s more', back, asked);

  expect(during.mostOfOneNode).toBeLessThanOrEqual(12);
  // One attempt of each node in 15 to 30 seconds.
  expect(late).toBeLessThan(COUNT / 8);
  // A list, a watch and the Lease that could not be renewed meanwhile, of each node.
  expect(returned.peak).toBeLessThan(COUNT);
  expect(after.mostOfOneNode).toBeLessThanOrEqual(8);
  expect(await settled()).toBe(COUNT);
});

function running(): Fleet {
  if (fleet === undefined) throw new Error('The fleet was not started.');
  return fleet;
}
