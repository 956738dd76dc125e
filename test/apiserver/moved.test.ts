/** The manifests in another namespace and under other names, as kustomize, Flux and Argo CD make them of the same files. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { unlessSkipped, usingControlPlane } from './harness/control-plane.ts';
import { asAgentOf, MANIFESTS, newestKubectl } from './harness/manifests.ts';

const NODE_PREPS = '/apis/nodeprep.dev/v1alpha1/nodepreps';
const MERGE = 'application/merge-patch+json';
const PATIENCE = { timeout: 30_000, interval: 200 };

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

describe.each([
  ['another namespace', ['namespace: infra'], 'system:serviceaccount:infra:nodeprep-agent'],
  [
    'another namespace, a prefix and a suffix',
    ['namespace: infra', 'namePrefix: corp-', 'nameSuffix: -a'],
    'system:serviceaccount:infra:corp-nodeprep-agent-a',
  ],
])('a kustomization with %s', (_, lines, user) => {
  const plane = usingControlPlane({ flavor: 'current' });
  let folder = '';

  beforeAll(
    unlessSkipped(async () => {
      folder = join(plane().folder, 'moved');
      mkdirSync(folder, { recursive: true });
      const path = (below: string) => relative(folder, join(MANIFESTS, below));
      const more = [`resources: [${path('.')}]`, `components: [${path('components/flow-schema')}]`];
      writeFileSync(join(folder, 'kustomization.yaml'), `${[...lines, ...more].join('\n')}\n`);
    }),
  );

  async function rendered(): Promise<readonly Rendered[]> {
    const { code, out, err } = await newestKubectl(plane())(['kustomize', folder]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return parseAllDocuments(out).map((document) => document.toJS() as Rendered);
  }

  test('still holds each agent to its own node', async () => {
    const kinds = ['CustomResourceDefinition', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];
    const stdin = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: (await rendered()).filter(({ kind }) => kinds.includes(kind)),
    });
    const applied = await newestKubectl(plane())(['apply', '--server-side', '-f', '-'], { stdin });
    expect(applied).toMatchObject({ code: 0 });
    const { send } = plane();
    const other = { apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', metadata: { name: 'worker-2' }, spec: {} };
    await vi.waitFor(async () => expect((await send('POST', NODE_PREPS, other)).code).toBeOneOf([201, 409]), PATIENCE);

    const agent = asAgentOf(plane(), 'worker-1', user);
    const change = { spec: { mode: 'Audit' } };
    await vi.waitFor(
      async () =>
        expect(await agent.send('PATCH', `${NODE_PREPS}/worker-2?dryRun=All`, change, MERGE)).toMatchObject({
          code: 403,
          body: { message: expect.stringContaining('may not write "worker-2"') },
        }),
      PATIENCE,
    );
    agent.close();
  });

  test('gives every right and the seats of its own to the account that the pods have', async () => {
    const all = await rendered();
    const [, , namespace, name] = user.split(':');
    const account = { kind: 'ServiceAccount', name, namespace };

    const daemonSet = all.find(({ kind }) => kind === 'DaemonSet');
    expect(daemonSet).toMatchObject({
      metadata: { namespace },
      spec: { template: { spec: { serviceAccountName: name } } },
    });
    const bindings = all.filter(({ kind }) => kind.endsWith('RoleBinding'));
    expect(bindings.map(({ subjects }) => subjects)).toEqual(bindings.map(() => [account]));
    const policy = all.find(({ kind }) => kind === 'ValidatingAdmissionPolicy')?.metadata.name;
    const priority = all.find(({ kind }) => kind === 'PriorityLevelConfiguration')?.metadata.name;
    expect(all.find(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')).toMatchObject({
      spec: { policyName: policy },
    });
    expect(all.find(({ kind }) => kind === 'FlowSchema')).toMatchObject({
      spec: {
        priorityLevelConfiguration: { name: priority },
        rules: [{ subjects: [{ serviceAccount: { name, namespace } }] }],
      },
    });
  });
});
