/** Two agents that go by one name, and agents in a cluster whose definition does not know yet how machines are told apart. */
import { describe, expect, test } from 'vitest';
import { installCrd, makeNode, SOON, specWith, type TestNode, usingNodePreps } from '../harness/agent.ts';
import type { Flavor } from '../harness/assets.ts';
import { startCountingProxy } from '../harness/counting-proxy.ts';
import { type ControlPlane, usingControlPlane } from '../harness/control-plane.ts';
import { copyOfHost } from '../../support/nodeprep-process.ts';

const bootOf = (digit: number) => `${digit}0000000-0000-4000-8000-000000000000`;

function asMachine(node: TestNode, digit: number): TestNode {
  node.write('etc/machine-id', `${String(digit).repeat(32)}\n`);
  node.write('proc/sys/kernel/random/boot_id', `${bootOf(digit)}\n`);
  node.writeSpec(specWith(10));
  return node;
}

const machineOf = async (node: TestNode) => (await node.stored())?.status?.node?.machineID;

describe.each<Flavor>(['full', 'current'])('two machines with one name (%s)', (flavor) => {
  const plane = usingControlPlane({ flavor });
  usingNodePreps(plane);

  test('are told of in the log and in an Event, and a machine that only replaced another one is not', async () => {
    const first = asMachine(makeNode(plane()), 1);
    const second = asMachine(makeNode(plane(), undefined, { name: first.name, root: copyOfHost('debian-12') }), 2);
    const one = first.start();
    await expect.poll(() => machineOf(first), SOON).toBe('1'.repeat(32));
    const two = second.start();
    await expect.poll(() => machineOf(first), SOON).toBe('2'.repeat(32));
    expect(one.stdout() + one.stderr() + two.stdout() + two.stderr()).not.toContain('Another machine');

    const told = /Another machine writes the status of this NodePrep .*1{32}.*2{32}.*--node-name, NODE_NAME/;
    await expect.poll(() => one.stdout() + one.stderr(), { timeout: 150_000, interval: 500 }).toMatch(told);
    const events = ['get', 'events', '-n', 'default', '-o', 'custom-columns=T:.type,R:.reason,O:.involvedObject.name'];
    if (plane().assets.isKubeApiserver)
      await expect
        .poll(async () => (await plane().kubectl([...events, '--no-headers'])).out, SOON)
        .toMatch(new RegExp(`Warning +NodeNameContested +${first.name}`));
  }, 200_000);
});

/** The definition of the release before the fields were there. */
async function installOlderCrd(plane: ControlPlane): Promise<void> {
  await installCrd(plane);
  const facts = '/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/node/properties';
  const { code, body } = await plane.send(
    'PATCH',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodepreps.nodeprep.dev',
    ['machineID', 'bootID'].map((name) => ({ op: 'remove', path: `${facts}/${name}` })),
    'application/json-patch+json',
  );
  if (code !== 200) throw new Error(`CRD: ${code} ${JSON.stringify(body)}`);
}

describe.each<Flavor>(['full', 'current'])('an older definition (%s)', (flavor) => {
  const plane = usingControlPlane({ flavor, prepare: installOlderCrd });

  test('gets the status without the machine, and is not written again and again', async () => {
    const proxy = await startCountingProxy(plane());
    const node = asMachine(makeNode(plane(), proxy.kubeconfig), 1);
    node.start();
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(1);
    await node.settled();

    const written = proxy.count('PATCH', '/status');
    expect(written).toBeLessThanOrEqual(4);
    await proxy.during(10_000);
    expect(proxy.count('PATCH', '/status')).toBe(written);
    expect((await node.stored())?.status?.node).not.toHaveProperty('machineID');
  });
});
