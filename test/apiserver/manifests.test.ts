/**
 * `kubectl apply -k` on a cluster that has never seen NodePrep. A Kubernetes before 1.30 serves no admission policies and
 * does not know every field: there the rest is shown, and all of it on the current one. The DaemonSet on real nodes is a
 * scenario of the end-to-end tests.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { usingControlPlane } from './harness/control-plane.ts';
import { applyManifests, isRecent, leniency, MANIFESTS, NAMESPACE, newestKubectl } from './harness/manifests.ts';

const POLICY = 'ValidatingAdmissionPolicy';

describe('kubectl apply -k, on a fresh cluster', () => {
  const plane = usingControlPlane({ flavor: 'full' });

  test('of the DaemonSet only makes everything that the agents need', async () => {
    const applied = await applyManifests(plane(), 'overlays/daemonset-only');

    expect(applied.trim().split('\n').toSorted()).toEqual([
      'clusterrole.rbac.authorization.k8s.io/nodeprep-agent created',
      'clusterrolebinding.rbac.authorization.k8s.io/nodeprep-agent created',
      expect.stringMatching(/^configmap\/nodeprep-default-\w+ created$/),
      'customresourcedefinition.apiextensions.k8s.io/nodepreps.nodeprep.dev created',
      'daemonset.apps/nodeprep-agent created',
      'namespace/nodeprep-system created',
      'resourcequota/nodeprep-critical-pods created',
      'role.rbac.authorization.k8s.io/nodeprep-agent-leases created',
      'rolebinding.rbac.authorization.k8s.io/nodeprep-agent-leases created',
      'serviceaccount/nodeprep-agent created',
    ]);
  });

  test('of everything adds the roles of people and the policy, where the server has policies', async () => {
    const kubectl = newestKubectl(plane());

    const { code, out, err } = await kubectl(['apply', ...leniency(plane()), '-k', MANIFESTS]);

    for (const name of ['view', 'edit', 'metrics-reader'])
      expect(out).toContain(`clusterrole.rbac.authorization.k8s.io/nodeprep-${name} created`);
    if (isRecent(plane())) {
      expect({ code, err }).toEqual({ code: 0, err: '' });
    } else {
      const missing = [...err.matchAll(/no matches for kind "(\w+)"/g)].map((match) => match[1]);
      expect(missing).toEqual([POLICY, `${POLICY}Binding`]);
    }
  });

  test('of the folder of definitions works with -f as well', async () => {
    const kubectl = newestKubectl(plane());

    const { code, out } = await kubectl(['apply', ...leniency(plane()), '-f', join(MANIFESTS, '../crds/')]);

    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^custom\S+nodepreps\.nodeprep\.dev \w+\n$/) });
  });

  test('once more changes nothing', async () => {
    const out = await applyManifests(plane(), 'overlays/daemonset-only');

    const changed = out.split('\n').filter((line) => line !== '' && !line.endsWith(' unchanged'));
    // A server that drops fields is told about them each time.
    expect(isRecent(plane()) ? changed : changed.filter((line) => !/^(daemonset|custom)/.test(line))).toEqual([]);
  });

  test('gives the namespace the level that the pods need, and no pod a name that a server looks up', async () => {
    const { send } = plane();

    const { body } = await send('GET', `/api/v1/namespaces/${NAMESPACE}`);

    expect(body).toMatchObject({ metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } });
  });

  test('is undone by kubectl delete -k', async () => {
    const kubectl = newestKubectl(plane());

    const { out } = await kubectl(['delete', '--wait=false', '-k', join(MANIFESTS, 'overlays/daemonset-only')]);

    expect(out.trim().split('\n')).toHaveLength(10);
    const crd = async () => (await kubectl(['get', 'crd', 'nodepreps.nodeprep.dev', '-o', 'name'])).code;
    await expect.poll(crd).toBe(1);
  });
});

describe('kubectl apply -k, on a current cluster', () => {
  const plane = usingControlPlane({ flavor: 'current' });

  test('is accepted in every field, without a warning, and once more changes nothing', async () => {
    const kubectl = newestKubectl(plane());
    const apply = ['apply', '--server-side', '--validate=strict', '-k', MANIFESTS];

    const first = await kubectl(apply);
    const versions = await kubectl(['get', 'daemonsets,clusterroles,validatingadmissionpolicies', '-A', '-o', 'name']);
    const second = await kubectl(apply);

    expect(first).toMatchObject({ code: 0, err: '' });
    expect(second).toMatchObject({ code: 0, err: '', out: first.out });
    expect(versions.out).toContain(`validatingadmissionpolicy.admissionregistration.k8s.io/nodeprep-agent-own-node`);
  });

  test.each(['components/startup-taint'])('of a kustomization with %s is accepted as well', async (component) => {
    const kubectl = newestKubectl(plane());

    const { code, out, err } = await kubectl([
      ...['apply', '--server-side', '--validate=strict', '-f'],
      join(MANIFESTS, component, 'rights.yaml'),
    ]);

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('nodeprep-agent-startup-taint');
  });
});
