/** What the agents' ServiceAccount and the roles of people may do and may not, asked with their own credentials. */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { clusterObstacle, type Controllers, startControllers } from './harness/controllers.ts';
import { unlessSkipped, usingControlPlane } from './harness/control-plane.ts';
import {
  agentSender,
  agentToken,
  AGENT_USER,
  applyManifests,
  leniency,
  MANIFESTS,
  newestKubectl,
} from './harness/manifests.ts';
import { type Send, sender } from './harness/request.ts';
import { leaveOut } from '../support/leave-out.ts';
import { copyOfHost, startNodeprep } from '../support/nodeprep-process.ts';

const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const NODE_PREPS = '/apis/nodeprep.dev/v1alpha1/nodepreps';
const nodePrep = { apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', metadata: { name: 'worker-1' } };
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/nodeprep-system/leases';
const lease = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'worker-1' },
  spec: { holderIdentity: 'worker-1', leaseDurationSeconds: 600, renewTime: '2030-01-01T00:00:00.000000Z' },
};
/** The API server learns of rights by watching them. */
const INFORMED = { timeout: 30_000, interval: 200 };
const OUR_CONDITION = { type: 'nodeprep.dev/Ready', reason: 'Auditing' };
const condition = { type: 'nodeprep.dev/Ready', status: 'True', reason: 'AsExpected', message: '' };

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;
type Verb = (typeof VERBS)[number];
const LOOK: readonly Verb[] = ['get', 'list', 'watch'];
const CHANGE: readonly Verb[] = ['create', 'update', 'patch', 'delete', 'deletecollection'];

/** A kind of object as RBAC names it: group, resource, and the namespace in which is asked. */
type Asked = readonly [group: string, resource: string, namespace?: string];

/** What an agent may do with each; everything else must be refused. */
const AGENT_RIGHTS: readonly (readonly [Asked, readonly Verb[]])[] = [
  [
    ['nodeprep.dev', 'nodepreps'],
    ['get', 'list', 'watch', 'create', 'patch'],
  ],
  [['nodeprep.dev', 'nodepreps/status'], ['patch']],
  [['', 'nodes'], ['get']],
  [['', 'nodes/status'], ['patch']],
  [
    ['', 'events', 'default'],
    ['create', 'patch'],
  ],
  [['authentication.k8s.io', 'tokenreviews'], ['create']],
  [['authorization.k8s.io', 'subjectaccessreviews'], ['create']],
  // A Role in "default" would not survive a kustomization with another namespace; the policy allows "default" only.
  [
    ['', 'events', 'kube-system'],
    ['create', 'patch'],
  ],
  [
    ['coordination.k8s.io', 'leases', 'nodeprep-system'],
    ['create', 'patch'],
  ],
  [['coordination.k8s.io', 'leases', 'kube-node-lease'], []],
  [['', 'secrets'], []],
  [['', 'secrets', 'nodeprep-system'], []],
  [['', 'configmaps', 'nodeprep-system'], []],
  [['', 'pods'], []],
  [['', 'pods', 'nodeprep-system'], []],
  [['', 'pods/exec', 'nodeprep-system'], []],
  [['', 'serviceaccounts/token', 'nodeprep-system'], []],
  [['', 'namespaces'], []],
  [['', 'nodes/proxy'], []],
  [['apps', 'daemonsets', 'nodeprep-system'], []],
  [['rbac.authorization.k8s.io', 'clusterroles'], []],
  [['rbac.authorization.k8s.io', 'clusterrolebindings'], []],
  [['admissionregistration.k8s.io', 'validatingadmissionpolicies'], []],
  [['apiextensions.k8s.io', 'customresourcedefinitions'], []],
  [['*', '*'], []],
];

const plane = usingControlPlane({ flavor: 'full' });
let agent: { readonly send: Send; readonly close: () => void };

/** The verbs that the sender may use, by the server's own word. */
async function rightsOf(send: Send, [group, resource, namespace]: Asked): Promise<readonly Verb[]> {
  const [name = '', subresource] = resource.split('/');
  const allowed: Verb[] = [];
  for (const verb of VERBS) {
    const resourceAttributes = {
      ...{ group, resource: name, verb },
      ...(subresource === undefined ? {} : { subresource }),
      ...(namespace === undefined ? {} : { namespace }),
    };
    const { body } = await send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    });
    if ((body as { status: { allowed: boolean } }).status.allowed) allowed.push(verb);
  }
  return allowed;
}

beforeAll(
  unlessSkipped(async () => {
    await applyManifests(plane(), 'overlays/daemonset-only');
    await applyManifests(plane(), 'access');
    agent = await agentSender(plane());
    await plane().send('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker-1' } });
  }),
);

afterAll(unlessSkipped(() => agent.close()));

describe('the token of the agents', () => {
  test.each(AGENT_RIGHTS)('may do with %j exactly %j', async (asked, verbs) => {
    expect(await rightsOf(agent.send, asked)).toEqual(verbs);
  });

  test('is listed by kubectl with no right beyond those and what everybody has', async () => {
    const kubectl = newestKubectl(plane());

    const { out } = await kubectl(['auth', 'can-i', '--list', '--namespace=default', `--as=${AGENT_USER}`]);

    const lines = out.split('\n').filter((line) => line !== '' && !line.startsWith('Resources'));
    const resources = lines.flatMap((line) => /^\S+/.exec(line)?.[0] ?? []).filter((name) => !name.startsWith('['));
    expect(resources.filter((name) => !name.startsWith('self')).toSorted()).toEqual([
      'customresourcedefinitions.apiextensions.k8s.io',
      'events',
      'nodepreps.nodeprep.dev',
      'nodepreps.nodeprep.dev/status',
      'nodes',
      'nodes/status',
      'subjectaccessreviews.authorization.k8s.io',
      'tokenreviews.authentication.k8s.io',
    ]);
  });

  test('does everything that an agent does in its life', async () => {
    const { send } = agent;
    const apply = (path: string, manager: string, part: object) =>
      send('PATCH', `${path}?fieldManager=${manager}`, { ...nodePrep, ...part }, APPLY);
    const mine = `${NODE_PREPS}/worker-1`;
    const event = {
      metadata: { name: 'worker-1.1', namespace: 'default' },
      involvedObject: { ...nodePrep, name: 'worker-1' },
      ...{ type: 'Normal', reason: 'Applied', message: 'x', count: 1, source: { component: 'nodeprep' } },
    };

    const answers = [
      await vi.waitFor(async () => {
        const registered = await apply(mine, 'nodeprep-local-file', { spec: { profile: 'kubeadm-worker' } });
        expect(registered.code).toBe(201);
        return registered;
      }, INFORMED),
      await send('GET', `${NODE_PREPS}?fieldSelector=metadata.name%3Dworker-1`),
      await send('GET', mine),
      await send('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodepreps.nodeprep.dev'),
      await send('PATCH', `${LEASES}/worker-1?fieldManager=nodeprep-agent&force=true`, lease, APPLY),
      await send('GET', `${NODE_PREPS}?fieldSelector=metadata.name%3Dworker-1&watch=true&timeoutSeconds=1`),
      await apply(`${mine}/status`, 'nodeprep-agent', { status: { observedGeneration: 1 } }),
      await send('GET', '/api/v1/nodes/worker-1'),
      await send('PATCH', '/api/v1/nodes/worker-1/status', { status: { conditions: [condition] } }, STRATEGIC),
      await send('POST', '/api/v1/namespaces/default/events', event),
      await send('PATCH', '/api/v1/namespaces/default/events/worker-1.1', { count: 2 }, MERGE),
      await send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token: 'x' },
      }),
      await send('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user: 'x', nonResourceAttributes: { path: '/metrics', verb: 'get' } },
      }),
    ];

    expect(answers.map(({ code }) => code)).toEqual([201, 200, 200, 200, 201, 200, 200, 200, 200, 201, 200, 201, 201]);
  });

  test('is enough for the agent itself', { timeout: 90_000 }, async () => {
    const node = 'worker-7';
    const { send, kubeconfigFor, authority } = plane();
    await send('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
    const kubeconfig = await kubeconfigFor('agent', { ca: authority.ca, token: await agentToken(plane()) });

    const running = startNodeprep([
      ...['run', '--kube', '--kubeconfig', kubeconfig, '--node-name', node, '--metrics-port', '0'],
      ...['--root', copyOfHost('debian-12'), '--default-file', join(MANIFESTS, 'agent/default-spec.yaml')],
    ]);

    await expect
      .poll(async () => (await send('GET', `/api/v1/nodes/${node}`)).body, { timeout: 60_000, interval: 500 })
      .toMatchObject({ status: { conditions: expect.arrayContaining([expect.objectContaining(OUR_CONDITION)]) } });
    await expect
      .poll(async () => (await send('GET', `${NODE_PREPS}/${node}`)).body)
      .toMatchObject({
        spec: { profile: 'kubeadm-worker', mode: 'Audit' },
        status: { conditions: expect.any(Array) },
      });
    expect(running.stdout() + running.stderr()).not.toMatch(/forbidden|403/i);
  });

  test.each([
    ['GET', '/api/v1/secrets', undefined],
    ['GET', '/api/v1/nodes', undefined],
    ['GET', '/api/v1/pods', undefined],
    ['DELETE', `${NODE_PREPS}/worker-1`, undefined],
    ['PATCH', '/api/v1/nodes/worker-1', { spec: { unschedulable: true } }],
    ['PATCH', '/apis/apps/v1/namespaces/nodeprep-system/daemonsets/nodeprep-agent', { spec: { minReadySeconds: 0 } }],
    ['POST', '/api/v1/namespaces/nodeprep-system/pods', { kind: 'Pod', metadata: { name: 'a' } }],
    ['POST', '/api/v1/namespaces/nodeprep-system/serviceaccounts/nodeprep-agent/token', { spec: {} }],
  ])('is refused %s %s', async (method, path, body) => {
    expect((await agent.send(method, path, body, method === 'PATCH' ? MERGE : undefined)).code).toBe(403);
  });

  test('may patch a Node where the start-up taint is used, and then nothing more of it', async () => {
    const kubectl = newestKubectl(plane());
    const file = join(MANIFESTS, 'components/startup-taint/rights.yaml');

    await kubectl(['apply', ...leniency(plane()), '-f', file]);

    await vi.waitFor(async () => expect(await rightsOf(agent.send, ['', 'nodes'])).toEqual(['get', 'patch']), INFORMED);
    await kubectl(['delete', '-f', file]);
    await vi.waitFor(async () => expect(await rightsOf(agent.send, ['', 'nodes'])).toEqual(['get']), INFORMED);
  });
});

describe('people', () => {
  let controllers: Controllers | undefined;

  beforeAll(
    unlessSkipped(async () => {
      // Roles are aggregated by a controller.
      if (clusterObstacle(plane().assets) === undefined) controllers = await startControllers(plane());
    }),
  );

  beforeEach((context) => {
    const reason = clusterObstacle(plane().assets);
    if (reason !== undefined) leaveOut(context, reason);
  });

  afterAll(async () => controllers?.stop());

  async function personWith(role: string): Promise<{ readonly send: Send; readonly close: () => void }> {
    const { authority, url, send } = plane();
    const { cert, key } = await authority.forUser(`person-${role}`);
    await send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: `person-${role}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: `person-${role}` }],
    });
    return sender(url, { ca: authority.ca, cert, key });
  }

  test.each([
    ['view', LOOK],
    ['edit', LOOK],
    ['admin', LOOK],
    ['nodeprep-edit', CHANGE],
  ])('with the role %s may do with NodePreps what it says, and never write their status', async (role, verbs) => {
    const { send, close } = await personWith(role);

    await vi.waitFor(async () => expect(await rightsOf(send, ['nodeprep.dev', 'nodepreps'])).toEqual(verbs), INFORMED);
    const looks = verbs.filter((verb) => LOOK.includes(verb));
    expect(await rightsOf(send, ['nodeprep.dev', 'nodepreps/status'])).toEqual(looks);
    close();
  });

  test('without a role may do nothing with them', async () => {
    const { authority, url } = plane();
    const { cert, key } = await authority.forUser('nobody');
    const { send, close } = sender(url, { ca: authority.ca, cert, key });

    expect(await rightsOf(send, ['nodeprep.dev', 'nodepreps'])).toEqual([]);
    close();
  });
});
