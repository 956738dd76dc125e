/** An agent in a cluster whose NodePreps come from a newer release. */
import { beforeEach, describe, expect, test } from 'vitest';
import { installCrd, makeNode, SOON, specWith } from '../harness/agent.ts';
import type { Flavor } from '../harness/assets.ts';
import { type ControlPlane, usingControlPlane } from '../harness/control-plane.ts';

/** A definition that knows more than ours: whatever the spec has is stored. */
async function installNewerCrd(plane: ControlPlane): Promise<void> {
  await installCrd(plane);
  const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec';
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const { code, body } = await plane.send(
    'PATCH',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodepreps.nodeprep.dev',
    [{ op: 'replace', path, value: open }],
    'application/json-patch+json',
  );
  if (code !== 200) throw new Error(`CRD: ${code} ${JSON.stringify(body)}`);
  const newer = {
    ...{ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', metadata: { name: 'newer' } },
    spec: { firewall: {} },
  };
  // The server uses a changed definition a moment after it has taken it.
  await expect
    .poll(async () => (await plane.send('POST', '/apis/nodeprep.dev/v1alpha1/nodepreps?dryRun=All', newer)).body)
    .toMatchObject({ spec: newer.spec });
}

describe.each<Flavor>(['full', 'current'])('the spec of a newer release (%s)', (flavor) => {
  const plane = usingControlPlane({ flavor });
  let installed: Promise<void> | undefined;
  beforeEach(() => (installed ??= installNewerCrd(plane())));

  test('is enforced as far as it is known, and what is not known is named once', async () => {
    const node = makeNode(plane());
    expect(
      await node.apply(
        { sysctls: [{ name: 'vm.swappiness', value: 10, owner: 'us' }], firewall: { defaultInbound: 'Drop' } },
        'people',
      ),
    ).toBe(201);
    const { stdout } = node.start();

    await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*10/);
    await expect
      .poll(() => node.condition('Ready'), SOON)
      .toMatchObject({
        message: expect.stringMatching(
          /spec\.firewall, spec\.sysctls\[0\]\.owner|spec\.sysctls\[0\]\.owner, spec\.firewall/,
        ),
      });
    await node.patch({ spec: { firewall: { defaultInbound: 'Accept' } } });
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(2);
    expect(stdout().match(/Fields of the NodePrep are ignored/g)).toHaveLength(1);
    expect((await node.stored())?.spec['firewall']).toEqual({ defaultInbound: 'Accept' });
  });

  test('that this release refuses leaves the last good one in force, and says why', async () => {
    const node = makeNode(plane());
    node.writeSpec(specWith(10));
    node.start();
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(1);

    await node.patch({ spec: { profile: 'kubeadm-9000', sysctls: [{ name: 'vm.swappiness', value: 99 }] } });

    await expect
      .poll(() => node.condition('Degraded'), SOON)
      .toMatchObject({
        status: 'True',
        reason: 'SpecInvalid',
        observedGeneration: 2,
        message: expect.stringContaining(`nodepreps/${node.name}: spec.profile: unknown profile "kubeadm-9000"`),
      });
    expect(node.persisted()).toMatch(/vm\.swappiness\s*=\s*10/);

    await node.patch({ spec: { profile: null } });
    await expect.poll(() => node.condition('Degraded'), SOON).toMatchObject({ status: 'False' });
    await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*99/);
  });
});
