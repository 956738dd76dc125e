/** Objects that are missing although nobody deleted them, and one that an administrator did, before real API servers. */
import { describe, expect, test } from 'vitest';
import { answerStatus, type Fault } from '../../support/http-fault-proxy.ts';
import { startProxy } from '../faults/followed.ts';
import { installCrd, makeNode, SOON, specWith, usingNodePreps } from '../harness/agent.ts';
import type { Flavor } from '../harness/assets.ts';
import { usingControlPlane } from '../harness/control-plane.ts';

const LATER = { ...SOON, timeout: 60_000 };
const COLLECTION = '/apis/nodeprep.dev/v1alpha1/nodepreps';
const isWatch = (url: URL) => url.searchParams.get('watch') === 'true';

describe.each<Flavor>(['full', 'current'])('a NodePrep that is missing (%s)', (flavor) => {
  const plane = usingControlPlane({ flavor });
  usingNodePreps(plane);

  /** A node whose NodePrep people have changed since it was registered, behind a proxy. */
  async function begin() {
    const proxy = await startProxy(plane());
    const { authority, admin } = plane();
    const identity = { ca: authority.ca, cert: admin.cert, key: admin.key };
    const kubeconfig = await plane().kubeconfigFor(`lost-${proxy.port}`, identity, proxy.url);
    const node = makeNode(plane(), kubeconfig);
    node.writeSpec(specWith(10));
    const running = node.start();
    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(1);
    await node.patch({ spec: { sysctls: [{ name: 'vm.swappiness', value: 30 }] } });
    await expect.poll(node.persisted, SOON).toMatch(/= 30/);
    return { node, proxy, running };
  }

  const emptyList: Fault = ({ url }, response) => {
    if (url.pathname !== COLLECTION || isWatch(url)) return undefined;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"kind":"NodePrepList","metadata":{"resourceVersion":"99999999"},"items":[]}');
    return 'answered';
  };
  const plain404: Fault = (_, response) => {
    response.writeHead(404, { 'content-type': 'text/plain' });
    response.end('default backend - 404');
    return 'answered';
  };

  test.each<[string, Fault]>([
    ['an empty list', emptyList],
    ['404 of a load balancer for everything', plain404],
    ['404 with a Status for everything', (_, response) => answerStatus(response, 404, 'NotFound')],
  ])(
    'from %s is not believed to be deleted',
    async (_, fault) => {
      const { node, proxy, running } = await begin();
      const before = await node.stored();

      proxy.setFault(fault);
      proxy.endAnswers();
      const asked = proxy.seen.length;
      await expect.poll(() => proxy.seen.length, LATER).toBeGreaterThan(asked + 4);
      expect(node.persisted()).toMatch(/= 30/);
      proxy.setFault(undefined);
      await expect.poll(running.stdout, LATER).toContain('The API server answers again');

      expect(node.persisted()).toMatch(/= 30/);
      expect(running.stdout()).not.toMatch(/was deleted|Registered.*again|Brought back/);
      expect((await node.stored())?.metadata.uid).toBe(before?.metadata.uid);
    },
    120_000,
  );

  test('since its definition was made again is registered as it was enforced, not as the file was', async () => {
    const { node, running } = await begin();

    await plane().kubectl(['delete', 'crd', 'nodepreps.nodeprep.dev', '--timeout=60s']);
    await installCrd(plane());

    await expect.poll(async () => (await node.stored())?.status?.observedGeneration, LATER).toBe(1);
    expect((await node.stored())?.spec).toEqual({ sysctls: [{ name: 'vm.swappiness', value: 30 }] });
    expect(node.persisted()).toMatch(/= 30/);
    expect(running.stdout()).not.toContain('was deleted');

    node.writeSpec(specWith(40));
    await expect.poll(node.persisted, SOON).toMatch(/= 40/);
  }, 180_000);

  test('since an administrator deleted it does not come back with a new definition or through a load balancer', async () => {
    const { node, proxy, running } = await begin();
    await node.remove();
    await expect.poll(node.persisted, SOON).toBe('');

    proxy.setFault(plain404);
    proxy.endAnswers();
    // Its log has another 404 already: the status of what is deleted cannot be written.
    const asked = proxy.seen.length;
    await expect.poll(() => proxy.seen.length, LATER).toBeGreaterThan(asked + 4);
    proxy.setFault(undefined);
    await plane().kubectl(['delete', 'crd', 'nodepreps.nodeprep.dev', '--timeout=60s']);
    await installCrd(plane());
    await expect.poll(running.stdout, LATER).toContain('The API server answers again');
    await node.register();
    await expect.poll(async () => (await node.node()).metadata.labels['kept'], SOON).toBe('yes');

    expect(await node.stored()).toBeUndefined();
    expect(node.persisted()).toBe('');
  }, 180_000);
});
