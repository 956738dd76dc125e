/** The client against real API servers: one connection, errors as they are, credentials that change. */
import { X509Certificate } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ApiError, type ApiRequest } from '../../src/kubernetes/client.ts';
import { createApiClient } from '../../src/kubernetes/transport/create-api-client.ts';
import { answerStatus } from '../support/http-fault-proxy.ts';
import { startTcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { CONFIG_MAPS, follow, IMPATIENT, makeSubject, startProxy } from './faults/followed.ts';
import type { Flavor } from './harness/assets.ts';
import { authorityIn } from './harness/certificates.ts';
import { type ControlPlane, usingControlPlane } from './harness/control-plane.ts';
import { sender } from './harness/request.ts';

const SOON = { timeout: 15_000, interval: 20 };
const never = new AbortController().signal;
const VERSION: ApiRequest = { method: 'GET', path: '/version' };

function clientFor(kubeconfig: string) {
  const client = createApiClient({ kubeconfig, userAgent: 'nodeprep-test', ...IMPATIENT });
  onTestFinished(() => client.close());
  return client;
}

/** A kubeconfig whose credentials are in files, as the kubelet's are. */
async function kubeconfigWithFiles(plane: ControlPlane, server: string, user: Readonly<Record<string, unknown>>) {
  const path = join(plane.folder, `files-${Math.random().toString(36).slice(2)}.kubeconfig`);
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority': 'rotating-ca.crt' } }],
    users: [{ name: 'u', user }],
  };
  await copyFile(plane.authority.caFile, join(plane.folder, 'rotating-ca.crt'));
  await writeFile(path, JSON.stringify(config));
  return path;
}

describe.each<Flavor>(['full', 'current'])('the client of a server "%s"', (flavor) => {
  const plane = usingControlPlane({ flavor });

  test('uses one connection for a watch and hundreds of requests', async () => {
    const { kubeconfigFor, authority, admin, port } = plane();
    const proxy = await startTcpFaultProxy(port);
    onTestFinished(proxy.close);
    const identity = { ca: authority.ca, cert: admin.cert, key: admin.key };
    const kubeconfig = await kubeconfigFor('one', identity, `https://127.0.0.1:${proxy.port}`);
    const client = clientFor(kubeconfig);
    const abort = new AbortController();
    const watched = (async () => {
      for await (const event of client.watch({ method: 'GET', path: CONFIG_MAPS }, abort.signal)) return event;
    })();

    await Promise.all(Array.from({ length: 20 }, () => client.send(VERSION, never)));
    for (let count = 0; count < 200; count += 1) await client.send(VERSION, never);
    await makeSubject(plane());

    expect(await watched).toMatchObject({ type: 'ADDED' });
    expect(proxy.accepted()).toBe(1);
  });

  test('applies, and says which fields another program owns', async () => {
    const client = clientFor(plane().kubeconfig);
    const apply = (value: string, fieldManager: string): ApiRequest => ({
      method: 'PATCH',
      path: `${CONFIG_MAPS}/applied`,
      query: { fieldManager },
      contentType: 'application/apply-patch+yaml',
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { value } },
    });
    await client.send(apply('one', 'first'), never);

    const refused = client.send(apply('two', 'second'), never);

    await expect(refused).rejects.toMatchObject({
      name: 'ApiError',
      code: 409,
      reason: 'Conflict',
      causes: [{ field: '.data.value', message: expect.stringContaining('first') }],
    });
  });

  test('says what is not there', async () => {
    const client = clientFor(plane().kubeconfig);

    const missing = client.send({ method: 'GET', path: `${CONFIG_MAPS}/nobody` }, never);

    await expect(missing).rejects.toThrow(
      'Cannot GET "/api/v1/namespaces/default/configmaps/nobody": the API server answered 404',
    );
    await expect(missing).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('is told 410 when a watch begins before everything that the server remembers', async () => {
    const subject = await makeSubject(plane());
    for (let round = 0; round < 150; round += 1) await subject.set(`round ${round}`);
    await plane().stopServer();
    await plane().startServer();
    const client = clientFor(plane().kubeconfig);
    const events: unknown[] = [];

    const request: ApiRequest = { method: 'GET', path: CONFIG_MAPS, query: { resourceVersion: 1, timeoutSeconds: 2 } };
    try {
      for await (const event of client.watch(request, never)) events.push(event);
    } catch (error) {
      events.push({ type: 'ERROR', object: error });
    }

    expect(events[0]).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  });

  test('ends a request when its caller does, and the connection lives on', async () => {
    const client = clientFor(plane().kubeconfig);
    const abort = new AbortController();
    const watched = (async () => {
      for await (const _ of client.watch({ method: 'GET', path: CONFIG_MAPS }, abort.signal));
    })();
    await client.send(VERSION, never);

    abort.abort(new Error('enough'));

    await expect(watched).rejects.toThrow('enough');
    await expect(client.send(VERSION, abort.signal)).rejects.toThrow('enough');
    expect(await client.send(VERSION, never)).toMatchObject({ major: '1' });
  });
});

describe('credentials that change', () => {
  const plane = usingControlPlane({ flavor: 'full' });

  const apiVersion = 'client.authentication.k8s.io/v1';
  test.each([
    {
      source: 'a file',
      text: (token: string) => `${token}\n`,
      user: (path: string) => ({ tokenFile: path }),
    },
    {
      source: 'a plugin',
      text: (token: string) => JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token } }),
      user: (path: string) => ({ exec: { apiVersion, command: 'cat', args: [path], interactiveMode: 'Never' } }),
    },
  ])('are taken from $source again when the server refuses the token of before', async ({ text, user }) => {
    const proxy = await startProxy(plane());
    onTestFinished(proxy.close);
    const path = join(plane().folder, 'told');
    await writeFile(path, text('first'));
    let valid = 'first';
    proxy.setFault(({ authorization }, response) =>
      authorization === `Bearer ${valid}` ? undefined : answerStatus(response, 401, 'Unauthorized'),
    );
    const subject = await makeSubject(plane());
    const followed = follow(await kubeconfigWithFiles(plane(), proxy.url, user(path)), subject.name, async () => {});
    await expect.poll(() => followed.shown, SOON).toEqual(['one']);

    valid = 'second';
    await writeFile(path, text('second'));
    proxy.endAnswers();
    await subject.set('two');

    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two']);
    expect(followed.problems).toEqual([]);
    expect(proxy.connections()).toBe(1);
  });

  test('are asked for once, not again and again, when they are simply wrong', async () => {
    const proxy = await startProxy(plane());
    onTestFinished(proxy.close);
    proxy.setFault((_, response) => answerStatus(response, 401, 'Unauthorized'));
    await writeFile(join(plane().folder, 'token'), 'wrong');
    const client = clientFor(await kubeconfigWithFiles(plane(), proxy.url, { tokenFile: 'token' }));

    await expect(client.send(VERSION, never)).rejects.toMatchObject({ code: 401 });

    expect(proxy.seen).toHaveLength(2);
  });

  test('may be those of a service account that was made anew', async () => {
    const { send, url, authority, folder } = plane();
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    const make = async () => {
      await send('POST', accounts, { metadata: { name: 'agent' } });
      const { body } = await send('POST', `${accounts}/agent/token`, { spec: {} });
      return (body as { status: { token: string } }).status.token;
    };
    const subject = { kind: 'ServiceAccount', name: 'agent', namespace: 'default' };
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'agent' };
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    await send('POST', `${rbac}/clusterroles`, { metadata: { name: 'agent' }, rules });
    await send('POST', `${rbac}/clusterrolebindings`, { metadata: { name: 'agent' }, subjects: [subject], roleRef });
    const old = await make();
    await writeFile(join(folder, 'sa-token'), `${old}\n`);
    const client = clientFor(await kubeconfigWithFiles(plane(), url, { tokenFile: 'sa-token' }));
    const read: ApiRequest = { method: 'GET', path: CONFIG_MAPS };
    await expect.poll(() => client.send(read, never), SOON).toMatchObject({ kind: 'ConfigMapList' });

    await send('DELETE', `${accounts}/agent`);
    await writeFile(join(folder, 'sa-token'), `${await make()}\n`);
    const withOld = sender(url, { ca: authority.ca, token: old });
    onTestFinished(withOld.close);
    // The server believes a token for ten seconds after it was valid.
    await expect.poll(async () => (await withOld.send('GET', CONFIG_MAPS)).code, { timeout: 30_000 }).toBe(401);

    expect(await client.send(read, never)).toMatchObject({ kind: 'ConfigMapList' });
  });

  test('may be certificates in files, which are used from the next request on', async () => {
    const { authority, folder } = plane();
    const proxy = await startProxy(plane());
    onTestFinished(proxy.close);
    const write = async (days: number) => {
      const { certFile, keyFile } = await authority.forUser('rotating', [], days);
      await copyFile(certFile, join(folder, 'rotating.crt'));
      await copyFile(keyFile, join(folder, 'rotating.key'));
    };
    await write(1);
    const user = { 'client-certificate': 'rotating.crt', 'client-key': 'rotating.key' };
    const kubeconfig = await kubeconfigWithFiles(plane(), proxy.url, user);
    const subject = await makeSubject(plane());
    const followed = follow(kubeconfig, subject.name, async () => {});
    await expect.poll(() => followed.shown, SOON).toEqual(['one']);

    await write(2);
    proxy.endAnswers();
    await subject.set('two');

    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two']);
    expect(new Set(proxy.seen.map(({ certificate }) => certificate)).size).toBe(2);
    expect(proxy.connections()).toBe(2);
    await expect.poll(() => proxy.openConnections(), SOON).toBe(1);
    expect(followed.problems).toEqual([]);
  });

  test('may be a new CA: the server of the old one is not trusted, the one of the new is', async () => {
    const { folder } = plane();
    const proxy = await startProxy(plane());
    onTestFinished(proxy.close);
    const { certFile, keyFile } = plane().admin;
    const user = { 'client-certificate': certFile, 'client-key': keyFile };
    const kubeconfig = await kubeconfigWithFiles(plane(), proxy.url, user);
    const subject = await makeSubject(plane());
    const followed = follow(kubeconfig, subject.name, async () => {});
    await expect.poll(() => followed.shown, SOON).toEqual(['one']);

    const other = await authorityIn(join(folder, 'other-pki'));
    const { cert, key } = await other.forServer('proxy');
    proxy.setCertificate({ cert, key });
    proxy.dropConnections();
    await subject.set('two');
    await expect.poll(() => followed.problems.length, SOON).toBeGreaterThan(1);
    const problem = followed.problems.at(-1)?.error.message;
    await copyFile(other.caFile, join(folder, 'rotating-ca.crt'));

    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two']);
    expect(problem).toContain('the server is not signed by the CA of the kubeconfig; was the CA replaced?');
  });

  test('may be a whole kubeconfig that is replaced, as the one of the kubelet is', async () => {
    const { kubeconfigFor, authority, admin } = plane();
    const proxy = await startProxy(plane());
    onTestFinished(proxy.close);
    const expired = await authority.forUser('expired');
    const serial = new X509Certificate(admin.cert).serialNumber;
    proxy.setFault(({ certificate }, response) =>
      certificate === serial ? undefined : answerStatus(response, 401, 'Unauthorized'),
    );
    const before = await kubeconfigFor(
      'replaced',
      { ca: authority.ca, cert: expired.cert, key: expired.key },
      proxy.url,
    );
    const client = clientFor(before);
    await expect(client.send(VERSION, never)).rejects.toBeInstanceOf(ApiError);

    await kubeconfigFor('replaced', { ca: authority.ca, cert: admin.cert, key: admin.key }, proxy.url);

    expect(await client.send(VERSION, never)).toMatchObject({ major: '1' });
  });
});
