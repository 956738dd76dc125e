/** What an agent says outside of its own object: the condition and the taint of the Node, and Events. */
import { describe, expect, test } from 'vitest';
import { makeNode, SOON, specWith, usingNodePreps } from '../harness/agent.ts';
import type { Flavor } from '../harness/assets.ts';
import { type ControlPlane, usingControlPlane } from '../harness/control-plane.ts';

interface StoredEvent {
  readonly reason: string;
  readonly type: string;
  readonly message: string;
  readonly count: number;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

async function eventsOf(plane: ControlPlane, name: string): Promise<readonly StoredEvent[]> {
  const { body } = await plane.send('GET', '/api/v1/namespaces/default/events');
  return (body as { items: StoredEvent[] }).items.filter(
    ({ involvedObject }) => involvedObject.name === name && involvedObject.kind === 'NodePrep',
  );
}

const OURS = { key: 'nodeprep.dev/not-ready', effect: 'NoSchedule' };
const OTHERS = [
  { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
  { key: 'team', value: 'a', effect: 'NoExecute' },
];

describe.each<Flavor>(['full', 'current'])('beside its NodePrep, an agent (%s)', (flavor) => {
  const plane = usingControlPlane({ flavor });
  usingNodePreps(plane);

  test('keeps one condition on the Node and takes its start-up taint off, and touches nothing else of it', async () => {
    const node = makeNode(plane());
    await node.register([OTHERS[0]!, OURS, OTHERS[1]!]);
    node.writeSpec(specWith(10));
    node.start();

    await expect.poll(async () => (await node.node()).spec.taints, SOON).not.toContainEqual(OURS);
    expect((await node.node()).spec.taints).toEqual(expect.arrayContaining(OTHERS));
    await expect
      .poll(async () => (await node.node()).status.conditions, SOON)
      .toEqual(
        expect.arrayContaining([
          expect.objectContaining({ type: 'MemoryPressure', message: 'of the kubelet' }),
          expect.objectContaining({ type: 'nodeprep.dev/Ready', status: 'False', reason: 'RebootRequired' }),
        ]),
      );
    expect((await node.node()).metadata.labels).toMatchObject({ kept: 'yes' });
  });

  test('leaves the taint where the spec blocks a node that is not ready, and where it was told another one', async () => {
    const blocked = makeNode(plane());
    await blocked.register([OURS]);
    blocked.writeSpec(specWith(10, 'bootstrap: { onFailure: Block }'));
    blocked.start();
    const other = makeNode(plane());
    await other.register([OURS, { key: 'example.com/prep', value: 'x', effect: 'NoExecute' }]);
    other.writeSpec(specWith(10));
    other.start('--startup-taint', 'example.com/prep:NoExecute');

    const theirs = { key: 'example.com/prep', value: 'x', effect: 'NoExecute' };
    await expect.poll(async () => (await other.node()).spec.taints, SOON).not.toContainEqual(theirs);
    expect((await other.node()).spec.taints).toContainEqual(OURS);
    await expect.poll(async () => (await blocked.node()).status.conditions, SOON).toHaveLength(2);
    expect((await blocked.node()).spec.taints).toContainEqual(OURS);
  });

  test('waits for a Node that is not there yet', async () => {
    const node = makeNode(plane());
    node.writeSpec(specWith(10));
    node.start();
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(1);

    await node.register([OURS]);

    await expect.poll(async () => (await node.node()).spec.taints ?? [], SOON).not.toContainEqual(OURS);
  });

  test('shows that it lives, and as which node, and lets go of the Node with its NodePrep', async () => {
    const node = makeNode(plane());
    await node.register();
    await plane().send('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'agents' },
    });
    node.writeSpec(specWith(10));
    node.start('--lease-namespace', 'agents', '--node-labels', 'kept,pool');

    const lease = async () =>
      (await plane().send('GET', `/apis/coordination.k8s.io/v1/namespaces/agents/leases/${node.name}`)).body;
    await expect.poll(lease, SOON).toMatchObject({ spec: { holderIdentity: node.name, leaseDurationSeconds: 600 } });
    const selected = async () => (await plane().kubectl(['get', 'nodepreps', '-l', 'kept=yes', '-o', 'name'])).out;
    await expect.poll(selected, SOON).toContain(`nodeprep.nodeprep.dev/${node.name}`);
    const described = async () => (await plane().kubectl(['describe', 'node', node.name])).out;
    await expect.poll(described, SOON).toMatch(/RebootRequired .*nodeprep/);
    await expect.poll(described, SOON).toContain('nodeprep.dev/Ready');

    await node.remove();

    await expect.poll(described, SOON).not.toContain('nodeprep.dev/Ready');
    expect((await node.node()).status.conditions).toEqual([expect.objectContaining({ type: 'MemoryPressure' })]);
  });

  test('tells what it did and what is wrong as Events, each once', async () => {
    const node = makeNode(plane());
    node.writeSpec(specWith(10));
    node.start();
    const reasons = async () => (await eventsOf(plane(), node.name)).map((one) => one.reason);
    await expect.poll(reasons, SOON).toEqual(expect.arrayContaining(['RebootRequired']));
    // What is put right while a spec is being applied is no correction of drift.
    await node.settled();
    const corrected = async () =>
      (await eventsOf(plane(), node.name)).filter((one) => one.reason === 'DriftCorrected').map((one) => one.count);

    for (const count of [1, 2]) {
      node.write('etc/sysctl.d/99-zz-nodeprep.conf', `vm.swappiness = ${10 + count}\n`);
      await expect.poll(node.persisted, SOON).toMatch(/= 10/);
      await expect.poll(corrected, SOON).toEqual([count]);
    }
    const { kubectl } = plane();
    const { out } = await kubectl(['describe', 'nodeprep', node.name]);
    expect(out).toMatch(/Normal +DriftCorrected .*nodeprep +sysctls: corrected vm\.swappiness/);
  });
});
