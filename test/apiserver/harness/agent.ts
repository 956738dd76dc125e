/** The agent as a real process on a captured host, and what the API server holds about its node. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect } from 'vitest';
import { copyOfHost, type Running, startNodeprep } from '../../support/nodeprep-process.ts';
import type { ControlPlane } from './control-plane.ts';
import { makeNamespace } from './definition.ts';

const CRD = join(import.meta.dirname, '../../../crds/nodeprep.dev_nodepreps.yaml');
const NODE_PREPS = '/apis/nodeprep.dev/v1alpha1/nodepreps';

/** How long something may take that an agent does by itself. */
export const SOON = { timeout: 20_000, interval: 50 };

/** A condition as the API server has it. */
export interface StoredCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** A NodePrep as the API server has it. */
export interface StoredNodePrep {
  readonly metadata: {
    readonly uid: string;
    readonly generation: number;
    readonly resourceVersion: string;
    readonly managedFields: readonly { readonly manager: string; readonly operation: string }[];
  };
  readonly spec: Record<string, unknown>;
  readonly status?: {
    readonly observedGeneration: number;
    readonly inSync: string;
    readonly node?: { readonly kernel?: string; readonly machineID?: string };
    readonly conditions: readonly StoredCondition[];
    readonly areas: readonly { readonly name: string; readonly state: string; readonly differing: readonly object[] }[];
  };
}

/** A taint as the API server has it. */
export interface StoredTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** A Node as the API server has it. */
export interface StoredNode {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: { readonly taints?: readonly StoredTaint[] };
  readonly status: { readonly conditions?: readonly StoredCondition[] };
}

/** A spec that keeps one value, with more lines below `spec`. */
export function specWith(swappiness: number, ...more: readonly string[]): string {
  const lines = ['sysctls:', '- name: vm.swappiness', `  value: ${swappiness}`, ...more].map((line) => `  ${line}`);
  return ['apiVersion: nodeprep.dev/v1alpha1', 'kind: NodePrep', 'spec:', ...lines, ''].join('\n');
}

/** Makes the kind known to the API server, and waits until it is. */
export async function installCrd({ kubectl }: ControlPlane, file = CRD): Promise<void> {
  const succeed = async (...args: readonly string[]) => {
    const { code, err } = await kubectl(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${err}`);
  };
  await succeed('apply', '--validate=false', '-f', file);
  await succeed('wait', '--for=condition=Established', 'crd/nodepreps.nodeprep.dev', '--timeout=30s');
  // The kind is served a moment after that.
  for (let attempt = 1; (await kubectl(['get', 'nodepreps'])).code !== 0; attempt += 1)
    if (attempt === 50) throw new Error('The API server does not serve NodePreps.');
}

/** Installs the CRD once before the tests of a file. */
export function usingNodePreps(plane: () => ControlPlane): void {
  let installed: Promise<void> | undefined;
  beforeEach(() => (installed ??= installCrd(plane()).then(() => makeNamespace(plane()))));
}

/** One node: its host and its objects. */
export interface TestNode {
  readonly name: string;
  /** The directory that is its host. */
  readonly root: string;
  readonly writeSpec: (document: string) => void;
  /** Writes any file of the host. */
  readonly write: (file: string, content: string) => void;
  /** What the boot would set, as far as NodePrep wrote it. */
  readonly persisted: () => string;
  /** The status file on the host. */
  readonly local: () => { readonly status: NonNullable<StoredNodePrep['status']> } | undefined;
  readonly start: (...args: readonly string[]) => Running;
  /** Starts it with the kubeconfig in the environment, where it may appear later. */
  readonly startEarly: () => Running;
  readonly stored: () => Promise<StoredNodePrep | undefined>;
  readonly condition: (type: string) => Promise<StoredCondition | undefined>;
  /** A merge patch by another user. */
  readonly patch: (body: object, manager?: string) => Promise<void>;
  /** Server-side apply by another user. */
  readonly apply: (spec: object, manager: string, force?: boolean) => Promise<number>;
  readonly remove: () => Promise<void>;
  /** Makes its Node, as a kubelet would. */
  readonly register: (taints?: readonly StoredTaint[]) => Promise<void>;
  readonly node: () => Promise<StoredNode>;
  /** Resolves when the agent has written nothing for three seconds. */
  readonly settled: () => Promise<void>;
}

let made = 0;

/** A node with a host of its own, or that of another one; `kubeconfig` may lead through a proxy. */
export function makeNode(
  plane: ControlPlane,
  kubeconfig = plane.kubeconfig,
  same?: Pick<TestNode, 'name' | 'root'>,
): TestNode {
  made += same === undefined ? 1 : 0;
  const { name, root } = same ?? { name: `worker-${made}`, root: copyOfHost('debian-12') };
  const path = `${NODE_PREPS}/${name}`;
  const stored = async () => {
    const { code, body } = await plane.send('GET', path);
    return code === 200 ? (body as StoredNodePrep) : undefined;
  };
  const read = (file: string) => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '');
  const write = (file: string, content: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content);
  };
  const run = ['run', '--root', root, '--metrics-port', '0', '--kube', '--node-name', name];
  return {
    name,
    root,
    stored,
    write,
    writeSpec: (document) => write('etc/nodeprep/nodeprep.yaml', document),
    persisted: () => read('etc/sysctl.d/99-zz-nodeprep.conf'),
    local: () => {
      const text = read('run/nodeprep/status.json');
      return text === '' ? undefined : JSON.parse(text);
    },
    start: (...args) => startNodeprep([...run, '--kubeconfig', kubeconfig, ...args]),
    startEarly: () => startNodeprep(run, { env: { KUBECONFIG: kubeconfig } }),
    condition: async (type) => (await stored())?.status?.conditions.find((one) => one.type === type),
    patch: async (body, manager = 'somebody') => {
      const { code, body: answer } = await plane.send(
        'PATCH',
        `${path}?fieldManager=${manager}`,
        body,
        'application/merge-patch+json',
      );
      if (code !== 200) throw new Error(`patch: ${code} ${JSON.stringify(answer)}`);
    },
    apply: async (spec, manager, force = false) => {
      const body = { apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', metadata: { name }, spec };
      const query = `fieldManager=${manager}&force=${force}`;
      return (await plane.send('PATCH', `${path}?${query}`, body, 'application/apply-patch+yaml')).code;
    },
    remove: async () => {
      const { code } = await plane.send('DELETE', path);
      if (code !== 200) throw new Error(`delete: ${code}`);
    },
    register: async (taints = []) => {
      const body = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { kept: 'yes' } }, spec: { taints } };
      const { code, body: answer } = await plane.send('POST', '/api/v1/nodes', body);
      if (code !== 201) throw new Error(`node: ${code} ${JSON.stringify(answer)}`);
      const conditions = [{ type: 'MemoryPressure', status: 'False', reason: 'Enough', message: 'of the kubelet' }];
      const status = await plane.send(
        'PATCH',
        `/api/v1/nodes/${name}/status`,
        { status: { conditions } },
        'application/merge-patch+json',
      );
      if (status.code !== 200) throw new Error(`node status: ${status.code} ${JSON.stringify(status.body)}`);
    },
    node: async () => (await plane.send('GET', `/api/v1/nodes/${name}`)).body as StoredNode,
    settled: async () => {
      const versions: (string | undefined)[] = [];
      const isQuiet = () => versions.length >= 6 && new Set(versions.slice(-6)).size === 1;
      await expect
        .poll(
          async () => {
            versions.push((await stored())?.metadata.resourceVersion);
            return isQuiet();
          },
          { timeout: 30_000, interval: 500 },
        )
        .toBe(true);
    },
  };
}
