/**
 * `kubectl apply -k` on a cluster that has never seen NodePrep, and the DaemonSet on nodes. A Kubernetes before 1.30
 * serves no admission policies and does not know every field: there the rest is shown, and all of it on the current one.
 */
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Cluster, clusterObstacle, startCluster } from './harness/cluster.ts';
import { type ControlPlane, unlessSkipped, usingControlPlane } from './harness/control-plane.ts';
import { AGENT, applyManifests, isRecent, leniency, MANIFESTS, NAMESPACE, newestKubectl } from './harness/manifests.ts';
import { leaveOut } from '../support/leave-out.ts';
import { freePorts } from './harness/server-process.ts';

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

describe('the DaemonSet', () => {
  const plane = usingControlPlane({ flavor: 'full' });
  let cluster: Cluster | undefined;
  let kubelets: Server | undefined;
  let port = 0;

  beforeAll(
    unlessSkipped(async () => {
      if (clusterObstacle(plane()) !== undefined) return;
      [port = 0] = await freePorts(1);
      kubelets = await serveHealth(port, plane());
      cluster = await startCluster(plane());
      await cluster.addNode('worker-1');
      await cluster.addNode('control-plane-1', { taints: 'node-role.kubernetes.io/control-plane=:NoSchedule' });
      await cluster.addNode('new-1', { taints: 'nodeprep.dev/not-ready=:NoExecute,dedicated=gpu:NoSchedule' });
      await cluster.addNode('virtual-1', { labels: 'type=virtual-kubelet' });
      const kubectl = newestKubectl(plane());
      const nodes = async () => (await kubectl(['get', 'nodes', '-o', 'name'])).out.trim().split('\n').length;
      await vi.waitFor(async () => expect(await nodes()).toBe(4), { timeout: 60_000, interval: 500 });
      await apply();
    }),
    180_000,
  );

  beforeEach((context) => {
    const reason = clusterObstacle(plane());
    if (reason !== undefined) leaveOut(context, reason);
  });

  afterAll(async () => {
    await cluster?.stop();
    kubelets?.close();
  }, 60_000);

  /** As `apply -k`, but with an address of this machine for the probes: hollow pods have none that leads anywhere. */
  async function apply(change: (manifests: string) => string = (text) => text): Promise<void> {
    const kubectl = newestKubectl(plane());
    const rendered = await kubectl(['kustomize', join(MANIFESTS, 'overlays/daemonset-only')]);
    const here = rendered.out
      .replaceAll('9753', String(port))
      .replaceAll(/^( *)path: \/healthz$/gm, '$1path: /healthz\n$1host: 127.0.0.1');
    const stdin = change(here);
    const { code, err } = await kubectl(['apply', ...leniency(plane()), '-f', '-'], { stdin });
    expect({ code, err }).toEqual({ code: 0, err: '' });
  }

  async function rollout(): Promise<{ readonly code: number; readonly out: string }> {
    const kubectl = newestKubectl(plane());
    const { code, out } = await kubectl(['rollout', 'status', `daemonset/${AGENT}`, '-n', NAMESPACE, '--timeout=170s']);
    if (code !== 0) {
      const described = await kubectl(['describe', 'daemonsets,pods', '-n', NAMESPACE]);
      console.log(`The rollout did not end:\n${described.out}\n${cluster?.logs()}`);
    }
    return { code, out };
  }

  async function pods(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { body } = await plane().send('GET', `/api/v1/namespaces/${NAMESPACE}/pods`);
    return (body as { items: { spec: Record<string, unknown> }[] }).items.map(({ spec }) => spec);
  }

  test('rolls out to every node with a host of its own, whatever its taints, with all probes answered', {
    timeout: 240_000,
  }, async () => {
    const { code, out } = await rollout();

    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('successfully rolled out') });
    const nodes = (await pods()).map(({ nodeName }) => nodeName);
    expect(nodes.toSorted()).toEqual(['control-plane-1', 'new-1', 'worker-1']);
  });

  test('has the highest priority, which the quota of its namespace admits', async () => {
    const { body } = await plane().send('GET', `/api/v1/namespaces/${NAMESPACE}/resourcequotas/nodeprep-critical-pods`);

    expect((await pods()).map(({ priority }) => priority)).toEqual([2_000_001_000, 2_000_001_000, 2_000_001_000]);
    expect(body).toMatchObject({ status: { used: { pods: '3' } } });
  });

  test('replaces its pods when there is a new version', {
    timeout: 240_000,
  }, async () => {
    await apply((text) => text.replace('image: nodeprep', 'image: nodeprep:2'));
    const { code } = await rollout();

    expect(code).toBe(0);
    expect((await pods()).map((spec) => (spec['containers'] as { image: string }[])[0]?.image)).toEqual(
      Array.from({ length: 3 }, () => 'nodeprep:2'),
    );
  });
});

/** What answers the probes of all hollow nodes: the pods that they pretend to run do not. */
async function serveHealth(port: number, { authority }: ControlPlane): Promise<Server> {
  const { cert, key } = await authority.forServer('agent');
  const server = createServer({ cert, key }, (request, response) => {
    response.statusCode = request.url === '/healthz' ? 200 : 404;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}
