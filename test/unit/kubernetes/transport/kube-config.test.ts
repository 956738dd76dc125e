import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadKubeConfig } from '../../../../src/kubernetes/transport/kube-config.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const environment = (variables: Record<string, string | undefined>) => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
};
beforeEach(() => environment({ KUBECONFIG: undefined, KUBERNETES_SERVICE_HOST: undefined, HOME: folder }));

const kubeconfig = (cluster: object = {}, user: object = {}, rest: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'home',
  contexts: [{ name: 'home', context: { cluster: 'c', user: 'u' } }],
  clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443', ...cluster } }],
  users: [{ name: 'u', user }],
  ...rest,
});

async function written(name: string, content: object | string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const load = async (content: object | string, context?: string) => {
  const path = await written(`${Math.random()}.yaml`, content);
  return loadKubeConfig({ kubeconfig: path, ...(context === undefined ? {} : { context }) });
};

describe('the kubeconfig that is used', () => {
  test('is the given one, whatever the environment says', async () => {
    const given = await written('given.yaml', kubeconfig({ server: 'https://given' }));
    environment({ KUBECONFIG: '/nowhere', KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' });

    expect(loadKubeConfig({ kubeconfig: given }).getCurrentCluster()?.server).toBe('https://given');
  });

  test('is put together from $KUBECONFIG: the first file that names a thing wins, missing files are left out', async () => {
    const one = await written('one.yaml', kubeconfig({ server: 'https://one' }));
    const more = {
      clusters: [
        { name: 'c', cluster: { server: 'https://two' } },
        { name: 'd', cluster: { server: 'https://d' } },
      ],
      contexts: [{ name: 'away', context: { cluster: 'd', user: 'u' } }],
    };
    const two = await written('two.yaml', kubeconfig({}, {}, { 'current-context': 'away', ...more }));
    environment({ KUBECONFIG: `/missing:${one}::${two}` });

    expect(loadKubeConfig({}).getCurrentCluster()?.server).toBe('https://one');
    expect(loadKubeConfig({ context: 'away' }).getCurrentCluster()?.server).toBe('https://d');
  });

  test('is the service account in a pod, before a file in the home folder', async () => {
    await written('home/.kube/config', kubeconfig());
    environment({ HOME: join(folder, 'home') });

    expect(loadKubeConfig({}).getCurrentCluster()?.server).toBe('https://api.example:6443');
    // The service account itself is read when it is used.
    environment({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' });
    expect(loadKubeConfig({}).getCurrentCluster()?.server).toBe('https://[fd00::1]:443');
  });

  test.each<[string, object | string, string]>([
    ['nothing', '', 'not a kubeconfig'],
    ['a text', 'hello', 'current context'],
    ['no current context', kubeconfig({}, {}, { 'current-context': '' }), 'kubectl config use-context'],
    ['an unknown context', kubeconfig({}, {}, { 'current-context': 'x' }), 'no context "x"'],
    ['an unknown cluster', kubeconfig({}, {}, { clusters: [] }), 'the cluster of context "home"'],
    ['an unknown user', kubeconfig({}, {}, { users: [] }), 'the user of context "home"'],
    ['a cluster without a server', kubeconfig({ server: '' }), 'server is missing'],
    ['a server without TLS', kubeconfig({ server: 'http://api.example' }), 'is not https'],
    ['a SOCKS proxy', kubeconfig({ 'proxy-url': 'socks5://localhost:1080' }), 'SOCKS'],
    ['broken YAML', 'token: [secret', 'not a kubeconfig'],
  ])('is refused when it has %s', async (_, content, message) => {
    const loaded = load(content);

    await expect(loaded).rejects.toThrow(message);
    await expect(loaded).rejects.not.toThrow('secret');
  });

  test('is refused when no file of $KUBECONFIG is there', () => {
    environment({ KUBECONFIG: '/missing-1:/missing-2' });

    expect(() => loadKubeConfig({})).toThrow('KUBECONFIG names "/missing-1:/missing-2", and there is no such file');
  });
});

describe('paths in a kubeconfig', () => {
  test('begin at its folder, as for kubectl', async () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './bin/login' };
    const user = { 'client-certificate': 'c.crt', 'client-key': '/abs/c.key', exec };
    const config = await load(kubeconfig({ 'certificate-authority': 'ca.crt' }, user));

    expect(config.getCurrentCluster()?.caFile).toBe(join(folder, 'ca.crt'));
    expect(config.getCurrentUser()).toMatchObject({ certFile: join(folder, 'c.crt'), keyFile: '/abs/c.key' });
    expect(config.getCurrentUser()?.exec).toMatchObject({ command: join(folder, 'bin/login') });
  });

  test('of a token are honoured and win over a token beside them', async () => {
    const config = await load(kubeconfig({}, { tokenFile: 'token', token: 'stale' }));

    expect(config.getCurrentUser()).toMatchObject({
      authProvider: { name: 'tokenFile', config: { tokenFile: join(folder, 'token') } },
    });
    expect(config.getCurrentUser()?.token).toBeUndefined();
  });

  test('leave a command of $PATH alone', async () => {
    const config = await load(kubeconfig({}, { exec: { command: 'aws' } }));

    expect(config.getCurrentUser()?.exec).toMatchObject({ command: 'aws' });
  });
});
