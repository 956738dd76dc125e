/**
 * The admission policy that holds an agent to its own node, judged by the plug-in of a current API server. Who asks is
 * impersonated with the claim that the API server reads from the token of a pod.
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { leaveOut } from '../support/leave-out.ts';
import { unlessSkipped, usingControlPlane } from './harness/control-plane.ts';
import { AGENT_USER, applyManifests, asAgentOf, NAMESPACE } from './harness/manifests.ts';
import type { Answer } from './harness/request.ts';

const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const APPLY = 'application/apply-patch+yaml';
const NODE_PREPS = '/apis/nodeprep.dev/v1alpha1/nodepreps';
const NODES = '/api/v1/nodes';
const STARTUP_TAINT = { key: 'nodeprep.dev/not-ready', effect: 'NoSchedule' };
const OTHER_TAINT = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' };
const IN_AUDIT = { spec: { mode: 'Audit' } };
/** The server needs a moment to serve a new kind, and another one to know a new policy. */
const PATIENCE = { timeout: 30_000, interval: 200 };

const plane = usingControlPlane({ flavor: 'current' });

const refused = (message: string) => ({ code: 403, body: { message: expect.stringContaining(message) } });
const nodePrep = (name: string) => ({
  apiVersion: 'nodeprep.dev/v1alpha1',
  kind: 'NodePrep',
  metadata: { name },
  spec: { profile: 'kubeadm-worker' },
});

/** One request of the agent of a node; `undefined` is one whose token names no node. */
async function asAgent(node: string | undefined, ...request: Parameters<ReturnType<typeof asAgentOf>['send']>) {
  const { send, close } = asAgentOf(plane(), node);
  const answer: Answer = await send(...request);
  close();
  return answer;
}

async function registerNode(name: string): Promise<void> {
  const { send } = plane();
  const made = await send('POST', NODES, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { pool: 'blue' } },
    spec: { podCIDR: '10.1.0.0/24', taints: [STARTUP_TAINT, OTHER_TAINT] },
  });
  if (made.code !== 201) throw new Error(JSON.stringify(made));
  await send(
    'PATCH',
    `${NODES}/${name}/status`,
    {
      status: {
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
        conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }],
        capacity: { cpu: '4' },
        daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      },
    },
    MERGE,
  );
}

beforeAll(
  unlessSkipped(async () => {
    await applyManifests(plane(), '.');
    const { send } = plane();
    // Where rights count, these are given here, so that nothing but the policy refuses.
    await send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'agents-may-everything' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: AGENT_USER }],
    });
    // Only a whole kube-apiserver makes these by itself.
    for (const name of ['default', 'kube-system', 'kube-node-lease'])
      await send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    for (const name of ['worker-1', 'worker-2']) {
      await registerNode(name);
      await vi.waitFor(async () => expect((await send('POST', NODE_PREPS, nodePrep(name))).code).toBe(201), PATIENCE);
    }
    const other = `${NODE_PREPS}/worker-2?dryRun=All`;
    await vi.waitFor(
      async () => expect((await asAgent('worker-1', 'PATCH', other, IN_AUDIT, MERGE)).code).toBe(403),
      PATIENCE,
    );
  }),
);

describe('the NodePrep of its own node', () => {
  test('is registered by an agent', async () => {
    const apply = `${NODE_PREPS}/worker-9?fieldManager=nodeprep-local-file`;

    expect(await asAgent('worker-9', 'PATCH', apply, nodePrep('worker-9'), APPLY)).toMatchObject({ code: 201 });
  });

  test('is changed by an agent, and so is its status', async () => {
    const status = { ...nodePrep('worker-1'), spec: undefined, status: { observedGeneration: 1 } };

    expect(await asAgent('worker-1', 'PATCH', `${NODE_PREPS}/worker-1`, IN_AUDIT, MERGE)).toMatchObject({ code: 200 });
    expect(
      await asAgent('worker-1', 'PATCH', `${NODE_PREPS}/worker-1/status?fieldManager=nodeprep-agent`, status, APPLY),
    ).toMatchObject({ code: 200 });
  });
});

describe('the NodePrep of another node', () => {
  const message = 'the NodePrep agent of node "worker-1" may not write "worker-2" in nodepreps';

  test.each(['', '/status'])('is not changed by an agent (nodepreps%s)', async (subresource) => {
    const path = `${NODE_PREPS}/worker-2${subresource}`;

    expect(await asAgent('worker-1', 'PATCH', path, IN_AUDIT, MERGE)).toMatchObject(refused(message));
    expect(
      await asAgent('worker-1', 'PATCH', `${path}?fieldManager=x&force=true`, nodePrep('worker-2'), APPLY),
    ).toMatchObject(refused(message));
  });

  test('is neither created nor deleted by an agent', async () => {
    const create = await asAgent('worker-1', 'POST', NODE_PREPS, nodePrep('worker-3'));
    const generated = { ...nodePrep(''), metadata: { generateName: 'worker-1' } };

    expect(create).toMatchObject(refused('may not write "worker-3"'));
    expect(await asAgent('worker-1', 'POST', NODE_PREPS, generated)).toMatchObject({ code: 403 });
    expect(await asAgent('worker-1', 'DELETE', `${NODE_PREPS}/worker-2`)).toMatchObject(refused(message));
    expect(await plane().send('GET', `${NODE_PREPS}/worker-3`)).toMatchObject({ code: 404 });
  });
});

describe('an Event', () => {
  const events = '/api/v1/namespaces/default/events';
  const newer = '/apis/events.k8s.io/v1/namespaces/default/events';
  const subject = (kind: string, name: string) => ({ apiVersion: 'nodeprep.dev/v1alpha1', kind, name });
  const event = (name: string, kind: string, about: string) => ({
    metadata: { name, namespace: 'default' },
    involvedObject: subject(kind, about),
    reason: 'DriftDetected',
    message: 'text',
    type: 'Normal',
  });
  const newerEvent = (name: string, kind: string, about: string) => ({
    metadata: { name, namespace: 'default' },
    regarding: subject(kind, about),
    reason: 'DriftDetected',
    action: 'Reconcile',
    type: 'Normal',
    eventTime: '2030-01-01T00:00:00.000000Z',
    reportingController: 'nodeprep.dev/agent',
    reportingInstance: 'worker-1',
  });
  const elsewhere = 'writes Events about the NodePrep and the Node "worker-1" in the namespace "default"';

  test.each(['NodePrep', 'Node'])('about its own %s is written and changed by an agent', async (kind) => {
    const name = `worker-1.${kind.toLowerCase()}`;

    expect(await asAgent('worker-1', 'POST', events, event(name, kind, 'worker-1'))).toMatchObject({ code: 201 });
    expect(await asAgent('worker-1', 'PATCH', `${events}/${name}`, { count: 2 }, MERGE)).toMatchObject({ code: 200 });
  });

  test('of its own node is written nowhere but in the namespace of Nodes', async () => {
    const own = { ...event('worker-1.x', 'NodePrep', 'worker-1'), metadata: { name: 'worker-1.x' } };

    expect(await asAgent('worker-1', 'POST', '/api/v1/namespaces/kube-system/events', own)).toMatchObject(
      refused(elsewhere),
    );
  });

  test.each([
    ['NodePrep', 'worker-2'],
    ['Node', 'worker-2'],
    ['Pod', 'worker-1'],
  ])('about anything else is not (%s %s)', async (kind, about) => {
    const foreign = event(`foreign.${kind.toLowerCase()}`, kind, about);

    expect(await asAgent('worker-1', 'POST', events, foreign)).toMatchObject(refused(elsewhere));
  });

  test('is held to the same in its newer form', async (context) => {
    const { code } = await plane().send('GET', '/apis/events.k8s.io/v1');
    if (code !== 200) leaveOut(context, 'this API server does not serve events.k8s.io');
    const [own, foreign] = [newerEvent('a.1', 'NodePrep', 'worker-1'), newerEvent('a.2', 'NodePrep', 'worker-2')];

    expect(await asAgent('worker-1', 'POST', newer, own)).toMatchObject({ code: 201 });
    expect(await asAgent('worker-1', 'POST', newer, foreign)).toMatchObject(refused(elsewhere));
  });

  test('of another program is not changed by an agent, be it made its own', async () => {
    const name = 'worker-2.1';
    expect((await plane().send('POST', events, event(name, 'NodePrep', 'worker-2'))).code).toBe(201);

    for (const change of [{ message: 'forged' }, { involvedObject: { name: 'worker-1' } }])
      expect(await asAgent('worker-1', 'PATCH', `${events}/${name}`, change, MERGE)).toMatchObject(refused(elsewhere));
  });

  test('is not written with a token that names no node', async () => {
    const own = event('nobody.1', 'NodePrep', 'worker-1');

    expect(await asAgent(undefined, 'POST', events, own)).toMatchObject(refused('must name its node'));
  });
});

describe('its Lease', () => {
  const leases = (namespace: string) => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const lease = (name: string) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name },
    spec: { holderIdentity: 'worker-1' },
  });
  const manager = 'fieldManager=nodeprep-agent&force=true';

  test('is written by an agent, also again', async () => {
    for (const code of [201, 200]) {
      const path = `${leases(NAMESPACE)}/worker-1?${manager}`;
      expect(await asAgent('worker-1', 'PATCH', path, lease('worker-1'), APPLY)).toMatchObject({ code });
    }
  });

  test.each([
    ['of another node', NAMESPACE, 'worker-2', 'may not write "worker-2" in leases'],
    ['of the kubelet', 'kube-node-lease', 'worker-1', 'in its own namespace "nodeprep-system"'],
  ])('%s is not', async (_, namespace, name, message) => {
    const path = `${leases(namespace)}/${name}?${manager}`;

    expect(await asAgent('worker-1', 'PATCH', path, lease(name), APPLY)).toMatchObject(refused(message));
  });
});

describe('finalizers and owners', () => {
  const path = `${NODE_PREPS}/worker-1`;
  const owner = (kind: string, name: string) => ({
    ...{ apiVersion: kind === 'Node' ? 'v1' : 'apps/v1', kind, name },
    uid: '11111111-2222-4333-8444-555555555555',
  });
  const merged = (metadata: object) => asAgent('worker-1', 'PATCH', path, { metadata }, MERGE);

  test('of a NodePrep are not set by an agent, except its own Node', async () => {
    expect(await merged({ finalizers: ['a.example.com/b'] })).toMatchObject(refused('finalizers'));
    for (const foreign of [owner('Node', 'worker-2'), owner('DaemonSet', 'worker-1')])
      expect(await merged({ ownerReferences: [foreign] })).toMatchObject(refused('makes its own Node the owner'));
    expect(await merged({ ownerReferences: [owner('Node', 'worker-1')] })).toMatchObject({ code: 200 });
    expect(await merged({ ownerReferences: [] })).toMatchObject({ code: 200 });
  });

  test('that others have set stay', async () => {
    const { send } = plane();
    const theirs = { finalizers: ['a.example.com/b'], ownerReferences: [owner('DaemonSet', 'x')] };
    expect((await send('PATCH', path, { metadata: theirs }, MERGE)).code).toBe(200);

    expect(await merged({ finalizers: [] })).toMatchObject(refused('finalizers'));
    expect(await merged({ ownerReferences: [] })).toMatchObject(refused('makes its own Node the owner'));
    expect(await asAgent('worker-1', 'PATCH', path, IN_AUDIT, MERGE)).toMatchObject({ code: 200 });
    await send('PATCH', path, { metadata: { finalizers: [], ownerReferences: [] } }, MERGE);
  });
});

describe('a token that names no node', () => {
  test.each([
    ['PATCH', `${NODE_PREPS}/worker-1`, IN_AUDIT, MERGE],
    ['POST', NODE_PREPS, nodePrep('worker-4'), undefined],
    ['PATCH', `${NODES}/worker-1/status`, { status: { conditions: [] } }, MERGE],
  ])('writes nothing: %s %s', async (method, path, body, type) => {
    expect(await asAgent(undefined, method, path, body, type)).toMatchObject(refused('must name its node'));
  });

  test('writes nothing when the claim is empty', async () => {
    expect((await asAgent('', 'PATCH', `${NODE_PREPS}/worker-1`, IN_AUDIT, MERGE)).code).toBe(403);
  });
});

describe('its own Node', () => {
  const status = `${NODES}/worker-1/status`;

  test('is given the condition of NodePrep, again and again', async () => {
    for (const value of ['False', 'True']) {
      const condition = { type: 'nodeprep.dev/Ready', status: value, reason: 'x', message: '' };
      const body = { status: { conditions: [condition] } };

      expect(await asAgent('worker-1', 'PATCH', status, body, STRATEGIC)).toMatchObject({ code: 200 });
    }
  });

  test.each([
    ['the condition of the kubelet', { conditions: [{ type: 'Ready', status: 'False' }] }, 'no other'],
    ['another condition', { conditions: [{ type: 'nodeprep.dev/Other', status: 'True' }] }, 'no other'],
  ])('keeps %s', async (_, change, message) => {
    expect(await asAgent('worker-1', 'PATCH', status, { status: change }, STRATEGIC)).toMatchObject(refused(message));
  });

  test.each([
    ['addresses', [{ type: 'InternalIP', address: '10.6.6.6' }]],
    ['capacity', { cpu: '400' }],
    ['allocatable', { cpu: '400' }],
    ['daemonEndpoints', { kubeletEndpoint: { Port: 6666 } }],
    ['nodeInfo', { kernelVersion: '2.6.32' }],
    ['phase', 'Terminated'],
    ['images', [{ names: ['a'] }]],
    ['volumesInUse', ['a']],
    ['volumesAttached', [{ name: 'a', devicePath: '/dev/a' }]],
    ['config', { error: 'a' }],
    ['features', { supplementalGroupsPolicy: true }],
    ['runtimeHandlers', [{ name: 'a' }]],
  ])('keeps its status.%s', async (field, value) => {
    const body = { status: { [field]: value } };

    expect(await asAgent('worker-1', 'PATCH', status, body, MERGE)).toMatchObject(refused('nothing else'));
  });

  test.each([
    ['labels', { pool: 'red' }],
    ['annotations', { 'csi.volume.kubernetes.io/nodeid': '{}' }],
    ['finalizers', ['a.example.com/b']],
  ])('keeps its %s', async (field, value) => {
    const body = { metadata: { [field]: value } };

    for (const path of [status, `${NODES}/worker-1`])
      expect(await asAgent('worker-1', 'PATCH', path, body, MERGE)).toMatchObject(refused('does not change labels'));
  });

  test.each([
    ['another taint', { taints: [STARTUP_TAINT] }],
    ['the effect of the start-up taint', { taints: [{ ...STARTUP_TAINT, effect: 'NoExecute' }, OTHER_TAINT] }],
    ['whether pods are scheduled to it', { unschedulable: true }],
    ['its provider', { providerID: 'aws:///a' }],
    ['a field that no version of the policy has named', { externalID: 'a' }],
  ])('keeps %s', async (_, spec) => {
    expect(await asAgent('worker-1', 'PATCH', `${NODES}/worker-1`, { spec }, MERGE)).toMatchObject(
      refused('removes the taint nodeprep.dev/not-ready and changes nothing else'),
    );
  });

  test('loses the start-up taint, and does not get it back', async () => {
    const path = `${NODES}/worker-1`;

    const off = await asAgent('worker-1', 'PATCH', path, { spec: { taints: [OTHER_TAINT] } }, MERGE);
    const on = await asAgent('worker-1', 'PATCH', path, { spec: { taints: [OTHER_TAINT, STARTUP_TAINT] } }, MERGE);

    expect(off).toMatchObject({ code: 200, body: { spec: { taints: [OTHER_TAINT] } } });
    expect(on.code).toBe(403);
  });

  test('is neither created nor deleted', async () => {
    const body = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker-5' } };

    expect(await asAgent('worker-5', 'POST', NODES, body)).toMatchObject({ code: 403 });
    expect(await asAgent('worker-1', 'DELETE', `${NODES}/worker-1`)).toMatchObject({ code: 403 });
  });
});

test('the Node of another host keeps everything, also the condition of NodePrep', async () => {
  const body = { status: { conditions: [{ type: 'nodeprep.dev/Ready', status: 'True' }] } };

  expect(await asAgent('worker-1', 'PATCH', `${NODES}/worker-2/status`, body, STRATEGIC)).toMatchObject(
    refused('may not write "worker-2" in nodes'),
  );
});

test('people are not meant by the policy', async () => {
  const { send } = plane();

  expect(await send('PATCH', `${NODE_PREPS}/worker-2`, IN_AUDIT, MERGE)).toMatchObject({ code: 200 });
  expect(await send('PATCH', `${NODES}/worker-2`, { spec: { unschedulable: true } }, MERGE)).toMatchObject({
    code: 200,
  });
});
