/** What an agent writes about its node: the status, Events and the Node, and how much of it. */
import { describe, expect, test } from 'vitest';
import { makeNode, SOON, specWith, type StoredNodePrep, usingNodePreps } from '../harness/agent.ts';
import type { Flavor } from '../harness/assets.ts';
import { startCountingProxy } from '../harness/counting-proxy.ts';
import { usingControlPlane } from '../harness/control-plane.ts';

const observed = (stored: StoredNodePrep | undefined) => stored?.status?.observedGeneration;

describe.each<Flavor>(['full', 'current'])('the status of a node (%s)', (flavor) => {
  const plane = usingControlPlane({ flavor });
  usingNodePreps(plane);

  test('has the conditions, the facts of the host, and the entries that differ', async () => {
    const node = makeNode(plane());
    node.writeSpec(specWith(10, 'mode: Audit'));
    node.start();

    await expect.poll(async () => observed(await node.stored()), SOON).toBe(1);
    expect((await node.stored())?.status).toMatchObject({
      inSync: '0/1',
      node: { kernel: expect.stringMatching(/^6\.1\./) },
      areas: expect.arrayContaining([
        expect.objectContaining({
          name: 'sysctls',
          state: 'Drifted',
          differing: [expect.objectContaining({ name: 'vm.swappiness', expected: '10' })],
        }),
      ]),
    });
    const { kubectl } = plane();
    const { out } = await kubectl(['get', 'nodepreps', node.name]);
    expect(out.replaceAll(/ +/g, ' ')).toMatch(
      /NAME READY DRIFTED REBOOT IN-SYNC REASON MODE AGE\n\S+ False True True 0\/1 Auditing Audit /,
    );
    const drifted = ['wait', `nodeprep/${node.name}`, '--for=condition=Drifted', '--timeout=5s'];
    expect(await kubectl(drifted)).toMatchObject({ code: 0 });
  });

  test('is not written again by an agent that starts again and finds the same', async () => {
    const node = makeNode(plane());
    node.writeSpec(specWith(10));
    const first = node.start();
    await expect.poll(async () => observed(await node.stored()), SOON).toBe(1);
    first.child.kill('SIGTERM');
    await first.finished;
    const before = await node.stored();

    const proxy = await startCountingProxy(plane());
    const second = makeNode(plane(), proxy.kubeconfig, node);
    second.start();
    await expect.poll(() => proxy.count('GET', '/nodepreps'), SOON).toBeGreaterThan(1);
    await second.settled();

    expect(proxy.count('PATCH', '/status')).toBe(0);
    expect((await node.stored())?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  });

  test('comes back with its transition times when an administrator wipes it', async () => {
    const node = makeNode(plane());
    node.writeSpec(specWith(10));
    node.start();
    await expect.poll(async () => observed(await node.stored()), SOON).toBe(1);
    const before = await node.stored();
    const times = (stored: StoredNodePrep | undefined) =>
      stored?.status?.conditions.map((one) => [one.type, one.status, one.lastTransitionTime]);

    const path = `/apis/nodeprep.dev/v1alpha1/nodepreps/${node.name}/status`;
    const wipe = [{ op: 'replace', path: '/status', value: {} }];
    expect((await plane().send('PATCH', path, wipe, 'application/json-patch+json')).code).toBe(200);

    await expect.poll(async () => times(await node.stored()), SOON).toEqual(times(before));
  });

  test('costs nothing at rest and little while an administrator drifts the host all the time', async () => {
    const proxy = await startCountingProxy(plane());
    const node = makeNode(plane(), proxy.kubeconfig);
    await node.register();
    node.writeSpec(specWith(10));
    node.start();
    await expect.poll(async () => observed(await node.stored()), SOON).toBe(1);
    await node.settled();

    const atRest = proxy.total();
    await proxy.during(30_000);
    expect(proxy.total() - atRest).toBe(0);

    const calm = proxy.total();
    let flips = 0;
    await proxy.during(30_000, () => {
      node.write('etc/sysctl.d/99-zz-nodeprep.conf', `vm.swappiness = ${(flips += 1)}\n`);
    });
    const perHour = (proxy.total() - calm) * 120;
    console.log(
      `requests while a file of ours is changed ${flips * 120} times an hour: ${perHour} an hour; at rest: 0 in 30 s`,
    );
    expect(flips).toBeGreaterThan(50);
    expect(proxy.count('PATCH', '/status')).toBeLessThanOrEqual(14);
    expect(proxy.total() - calm).toBeLessThanOrEqual(40);
  }, 120_000);
});
