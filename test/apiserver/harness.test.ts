/** The control planes that all other tests here stand on. */
import { describe, expect, test } from 'vitest';
import type { Flavor } from './harness/assets.ts';
import { usingControlPlane } from './harness/control-plane.ts';

describe.each<Flavor>(['full', 'current'])('a control plane of the flavor %s', (flavor) => {
  const plane = usingControlPlane({ flavor });

  test('answers kubectl as administrator', async () => {
    const { kubectl } = plane();

    const made = await kubectl(['create', 'namespace', 'one']);
    const names = await kubectl(['get', 'namespaces', '-o', 'name']);

    expect(made).toMatchObject({ code: 0, out: 'namespace/one created\n' });
    expect(names.out).toContain('namespace/one\n');
  });

  test('refuses who shows no certificate', async () => {
    const { kubectl, kubeconfigFor, authority } = plane();

    const nobody = await kubeconfigFor('nobody', { ca: authority.ca });

    expect(await kubectl(['get', 'namespaces'], { kubeconfig: nobody })).toMatchObject({ code: 1 });
  });

  test('keeps its data and its address when its API server is killed and started again', async () => {
    const { kubectl, stopServer, startServer, send } = plane();
    await kubectl(['create', 'namespace', 'kept']);

    await stopServer('SIGKILL');
    await expect(send('GET', '/readyz')).rejects.toThrow('ECONNREFUSED');
    await startServer();

    expect(await kubectl(['get', 'namespace', 'kept', '-o', 'name'])).toMatchObject({ out: 'namespace/kept\n' });
  });
});
