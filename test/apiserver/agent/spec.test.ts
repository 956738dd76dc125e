/** Where the spec of a node comes from: its files, its NodePrep, and the record of what was received last. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeNode, SOON, specWith, usingNodePreps } from '../harness/agent.ts';
import type { Flavor } from '../harness/assets.ts';
import { usingControlPlane } from '../harness/control-plane.ts';

const LIMITS = `apiVersion: nodeprep.dev/v1alpha1
kind: NodePrepLimits
sysctls:
  bounds:
  - { name: vm.swappiness, max: 60 }
`;

describe.each<Flavor>(['full', 'current'])('the spec of a node in a cluster (%s)', (flavor) => {
  const plane = usingControlPlane({ flavor });
  usingNodePreps(plane);

  test('is registered from the local file when there is no NodePrep, by a field manager of its own', async () => {
    const node = makeNode(plane());
    node.writeSpec(specWith(10));
    node.start();

    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(1);
    const stored = await node.stored();
    expect(stored?.spec).toEqual({ sysctls: [{ name: 'vm.swappiness', value: 10 }] });
    // The API server sorts them by second of their time, and only then by name.
    expect(stored?.metadata.managedFields.map((one) => `${one.manager} ${one.operation}`).toSorted()).toEqual([
      'nodeprep-agent Apply',
      'nodeprep-local-file Apply',
    ]);
    expect(node.persisted()).toMatch(/vm\.swappiness\s*=\s*10/);
  });

  test('is that of the NodePrep from then on, and changes as soon as an administrator changes it', async () => {
    const node = makeNode(plane());
    node.writeSpec(specWith(10));
    expect(await node.apply({ sysctls: [{ name: 'vm.swappiness', value: 30 }] }, 'people')).toBe(201);
    node.start();

    await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*30/);
    await node.patch({ spec: { sysctls: [{ name: 'vm.swappiness', value: 40 }] } });
    await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*40/);
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(2);
    expect((await node.stored())?.metadata.managedFields.map((one) => one.manager)).not.toContain(
      'nodeprep-local-file',
    );
  });

  test('takes over later changes of the local file, but not what others own, and says whose it is', async () => {
    const node = makeNode(plane());
    node.writeSpec(specWith(10, 'mode: Audit'));
    const { stdout } = node.start();
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(1);
    expect(await node.apply({ mode: 'Enforce' }, 'platform-team', true)).toBe(200);
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(2);

    node.writeSpec(specWith(20, 'mode: Paused', 'swap:', '  behavior: Unmanaged'));

    await expect
      .poll(() => node.condition('Conflicting'), SOON)
      .toMatchObject({
        status: 'True',
        reason: 'FieldOwnedElsewhere',
        message: expect.stringContaining('spec.mode (platform-team)'),
      });
    expect((await node.stored())?.spec).toEqual({
      mode: 'Enforce',
      sysctls: [{ name: 'vm.swappiness', value: 20 }],
      swap: { behavior: 'Unmanaged' },
    });
    await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*20/);

    // The team lets go of the field, so the file has its say.
    expect(await node.apply({}, 'platform-team')).toBe(200);
    // The file says Paused: what is not looked at is not known either.
    await expect.poll(() => node.condition('Conflicting'), SOON).toMatchObject({ status: 'Unknown', reason: 'Paused' });
    await expect.poll(async () => (await node.stored())?.spec['mode'], SOON).toBe('Paused');
    expect(stdout().match(/Conflicting with other field managers/g)).toHaveLength(1);
  });

  test('that is deleted is the empty spec also after a restart, until the file of the host changes', async () => {
    const node = makeNode(plane());
    node.writeSpec(specWith(10));
    const first = node.start();
    await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*10/);
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(1);

    await node.remove();

    await expect.poll(node.persisted, SOON).toBe('');
    await expect
      .poll(() => node.local()?.status.conditions, SOON)
      .toContainEqual(
        expect.objectContaining({
          type: 'Ready',
          status: 'Unknown',
          reason: 'NoSpec',
          message: expect.stringContaining('was deleted'),
        }),
      );
    expect(await node.stored()).toBeUndefined();
    // An apply that is late names the object that it is meant for, and does not make another one.
    const late = {
      apiVersion: 'nodeprep.dev/v1alpha1',
      kind: 'NodePrep',
      metadata: { name: node.name, uid: '11111111-2222-4333-8444-555555555555' },
      spec: {},
    };
    const path = `/apis/nodeprep.dev/v1alpha1/nodepreps/${node.name}?fieldManager=nodeprep-local-file`;
    expect((await plane().send('PATCH', path, late, 'application/apply-patch+yaml')).code).toBe(409);
    first.child.kill('SIGTERM');
    await first.finished;

    const second = node.start();
    await expect.poll(second.stdout, SOON).toContain('was deleted');
    expect(await node.stored()).toBeUndefined();
    expect(node.persisted()).toBe('');

    node.writeSpec(specWith(20));
    await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*20/);
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(1);
  });

  test('that is beyond the limits of the host leaves the last good one in force, until the limits are lifted', async () => {
    const node = makeNode(plane());
    node.writeSpec(specWith(10));
    node.start();
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(1);

    node.write('etc/nodeprep/limits.yaml', LIMITS);
    await node.patch({ spec: { sysctls: [{ name: 'vm.swappiness', value: 99 }] } });

    await expect
      .poll(() => node.condition('Degraded'), SOON)
      .toMatchObject({
        status: 'True',
        reason: 'SpecInvalid',
        message: expect.stringContaining('beyond /etc/nodeprep/limits.yaml of this host'),
      });
    expect(node.persisted()).toMatch(/vm\.swappiness\s*=\s*10/);
    rmSync(join(node.root, 'etc/nodeprep/limits.yaml'));
    await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*99/);
    await expect.poll(() => node.condition('Degraded'), SOON).toMatchObject({ status: 'False' });
  });

  test('comes from the default document where the host has none, and from nowhere is nothing at all', async () => {
    const node = makeNode(plane());
    const { stdout } = node.start();
    await expect.poll(stdout, SOON).toContain('This node has no spec and waits for one');
    await expect
      .poll(() => node.local()?.status.conditions ?? [], SOON)
      .toContainEqual(expect.objectContaining({ type: 'Ready', status: 'Unknown', reason: 'NoSpec' }));
    expect(await node.stored()).toBeUndefined();

    expect(await node.apply({ sysctls: [{ name: 'vm.swappiness', value: 5 }] }, 'people')).toBe(201);
    await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*5/);

    const other = makeNode(plane());
    const file = join(node.root, 'default.yaml');
    writeFileSync(file, specWith(7, 'mode: Audit'));
    other.start('--default-file', file);
    await expect.poll(async () => (await other.stored())?.spec['mode'], SOON).toBe('Audit');
    await expect.poll(() => other.condition('Ready'), SOON).toMatchObject({ status: 'False' });
    expect(other.persisted()).toBe('');
  });

  test('is enforced from the record while the API server is away, also after a start', {
    timeout: 120_000,
  }, async () => {
    const node = makeNode(plane());
    node.writeSpec(specWith(10));
    expect(await node.apply({ sysctls: [{ name: 'vm.swappiness', value: 30 }] }, 'people')).toBe(201);
    const first = node.start();
    await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*30/);

    await plane().stopServer('SIGKILL');
    try {
      rmSync(join(node.root, 'etc/sysctl.d/99-zz-nodeprep.conf'));
      await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*30/);
      first.child.kill('SIGTERM');
      await first.finished;
      rmSync(join(node.root, 'etc/sysctl.d/99-zz-nodeprep.conf'));
      rmSync(join(node.root, 'run'), { recursive: true });
      const second = node.start();
      await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*30/);
      expect(second.stdout()).toContain('the NodePrep as it was received last');
    } finally {
      await plane().startServer();
    }
    await node.patch({ spec: { sysctls: [{ name: 'vm.swappiness', value: 40 }] } });
    await expect.poll(node.persisted, { ...SOON, timeout: 40_000 }).toMatch(/vm\.swappiness\s*=\s*40/);
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(2);
  });
});
