/** An agent that comes before what it needs: the API server, the definition of its objects, its kubeconfig. */
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installCrd, makeNode, SOON, specWith } from '../harness/agent.ts';
import type { Flavor } from '../harness/assets.ts';
import { usingControlPlane } from '../harness/control-plane.ts';

const LATER = { ...SOON, timeout: 60_000 };

describe.each<Flavor>(['full', 'current'])('an agent that is early (%s)', (flavor) => {
  const plane = usingControlPlane({ flavor });

  test('cares for the host by its files and says what is missing, until the CRD is installed', async () => {
    const node = makeNode(plane());
    node.writeSpec(specWith(10));
    const { stdout } = node.start();

    await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*10/);
    await expect.poll(stdout, SOON).toContain('The cluster has no resource \\"nodepreps\\"');

    await installCrd(plane());
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, LATER).toBe(1);
    expect(stdout().match(/The cluster has no resource/g)).toHaveLength(1);

    // Who takes the definition away takes all objects with it; they come back when the agents have missed it.
    await plane().kubectl(['delete', 'crd', 'nodepreps.nodeprep.dev', '--timeout=60s']);
    await expect.poll(() => stdout().match(/The cluster has no resource/g)?.length, LATER).toBe(2);
    expect(stdout()).not.toContain('was deleted');
    expect(node.persisted()).toMatch(/vm\.swappiness\s*=\s*10/);
    await installCrd(plane());
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, LATER).toBe(1);
    await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*10/);
  }, 180_000);

  test('cares for the host by its files while there is neither a kubeconfig nor an API server', async () => {
    await installCrd(plane());
    const kubeconfig = join(plane().folder, 'comes-later.kubeconfig');
    const node = makeNode(plane(), kubeconfig);
    node.writeSpec(specWith(10));
    await plane().stopServer();
    try {
      node.startEarly();
      await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*10/);
      copyFileSync(plane().kubeconfig, kubeconfig);
      node.writeSpec(specWith(20));
      await expect.poll(node.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*20/);
    } finally {
      await plane().startServer();
    }

    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, LATER).toBe(1);
    expect((await node.stored())?.spec).toEqual({ sysctls: [{ name: 'vm.swappiness', value: 20 }] });
    rmSync(kubeconfig);
  }, 180_000);

  test('of another machine with the same disk does not take the record of the first for its own', async () => {
    await installCrd(plane());
    const first = makeNode(plane());
    expect(await first.apply({ sysctls: [{ name: 'vm.swappiness', value: 30 }] }, 'people')).toBe(201);
    const running = first.start();
    await expect.poll(first.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*30/);
    running.child.kill('SIGTERM');
    await running.finished;

    const copy = makeNode(plane(), plane().kubeconfig, { name: `${first.name}-copy`, root: first.root });
    copy.writeSpec(specWith(40));
    copy.start();

    await expect.poll(copy.persisted, SOON).toMatch(/vm\.swappiness\s*=\s*40/);
    await expect.poll(async () => (await copy.stored())?.status?.observedGeneration, SOON).toBe(1);
  });
});
