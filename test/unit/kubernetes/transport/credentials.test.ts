/** Credentials with real files and real plugins. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiUnreachableError } from '../../../../src/kubernetes/client.ts';
import { createCredentials } from '../../../../src/kubernetes/transport/credentials.ts';

let folder: string;
let now = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credentials-'));
  now = 1e12;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const path = (name: string) => join(folder, name);

async function credentialsOf(user: object, cluster: object = {}) {
  await writeConfig(user, cluster);
  return createCredentials({ kubeconfig: path('config') }, () => now);
}

async function writeConfig(user: object, cluster: object = {}) {
  const config = {
    'current-context': 'home',
    contexts: [{ name: 'home', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443/prefix/', ...cluster } }],
    users: [{ name: 'u', user }],
  };
  await writeFile(path('config'), JSON.stringify(config));
}

/** A plugin that counts its calls and answers with what the script says. */
async function plugin(script: string) {
  await writeFile(path('plugin'), `#!/bin/sh\necho call >> "${path('calls')}"\n${script}\n`);
  await chmod(path('plugin'), 0o755);
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin', interactiveMode: 'Never' } };
}
const calls = async () => (await readFile(path('calls'), 'utf8')).trim().split('\n').length;
const answer = (status: string) => `echo '{"kind":"ExecCredential","status":${status}}'`;

describe('credentials', () => {
  test('are a token without the newline that ends its file', async () => {
    await writeFile(path('token'), 'secret\n');
    const credentials = await credentialsOf({ tokenFile: 'token' });

    expect((await credentials.current()).headers).toEqual({ authorization: 'Bearer secret' });
  });

  test('are a name and a password where a kubeconfig still has those', async () => {
    const credentials = await credentialsOf({ username: 'admin', password: 'secret' });

    expect((await credentials.current()).headers).toEqual({ authorization: 'Basic YWRtaW46c2VjcmV0' });
  });

  test('check the server whatever NODE_TLS_REJECT_UNAUTHORIZED says, unless the kubeconfig asks for the opposite', async () => {
    const strict = await credentialsOf({ token: 'x' });
    expect((await strict.current()).tls.rejectUnauthorized).toBe(true);

    const lax = await credentialsOf({ token: 'x' }, { 'insecure-skip-tls-verify': true });
    expect((await lax.current()).tls.rejectUnauthorized).toBe(false);
  });

  test('need another connection when a file of the CA changes, and no other one when nothing does', async () => {
    await writeFile(path('ca'), 'one');
    const credentials = await credentialsOf({ token: 'x' }, { 'certificate-authority': 'ca' });
    const first = await credentials.current();

    const second = await credentials.current();
    await writeFile(path('ca'), 'two');
    const third = await credentials.current();

    expect(second.key).toBe(first.key);
    expect(third.key).not.toBe(first.key);
    expect(String(third.tls.ca)).toBe('two');
  });

  test('of a refused token are read again at once', async () => {
    await writeFile(path('token'), 'old');
    const credentials = await credentialsOf({ tokenFile: 'token' });
    const refused = await credentials.current();
    await writeFile(path('token'), 'new');

    expect((await credentials.renewed(refused)).headers).toEqual({ authorization: 'Bearer new' });
  });

  test('of a kubeconfig that was replaced are used after a minute, or at once when they were refused', async () => {
    const credentials = await credentialsOf({ token: 'one' });
    const first = await credentials.current();
    await writeConfig({ token: 'two' });

    expect((await credentials.current()).headers).toEqual(first.headers);
    now += 61_000;
    expect((await credentials.current()).headers).toEqual({ authorization: 'Bearer two' });
    await writeConfig({ token: 'three' });
    expect((await credentials.renewed(await credentials.current())).headers).toEqual({ authorization: 'Bearer three' });
  });

  test('that cannot be read are an error that says so, and are used as soon as they can', async () => {
    const credentials = createCredentials({ kubeconfig: path('config') }, () => now);

    await expect(credentials.current()).rejects.toMatchObject({
      name: 'ApiUnreachableError',
      message: expect.stringMatching(/^Cannot get credentials for the API server: ENOENT.*config/),
    });
    await writeConfig({ token: 'x' });

    expect((await credentials.current()).headers).toEqual({ authorization: 'Bearer x' });
  });

  test('stay in use while the kubeconfig is being written and cannot be read', async () => {
    const credentials = await credentialsOf({ token: 'x' });
    await credentials.current();
    await writeFile(path('config'), 'clusters: [');
    now += 61_000;

    expect((await credentials.current()).headers).toEqual({ authorization: 'Bearer x' });
  });
});

describe('credentials from a plugin', () => {
  test('are asked for once until they expire', async () => {
    const expiry = new Date(Date.now() + 3_600_000).toISOString();
    const user = await plugin(answer(`{"token":"t","expirationTimestamp":"${expiry}"}`));
    const credentials = await credentialsOf(user);

    for (let count = 0; count < 3; count += 1) {
      expect((await credentials.current()).headers).toEqual({ authorization: 'Bearer t' });
      now += 61_000;
    }

    expect(await calls()).toBe(1);
  });

  test('are asked for again when they have expired', async () => {
    const credentials = await credentialsOf(
      await plugin(answer('{"token":"t","expirationTimestamp":"2020-01-01T00:00:00Z"}')),
    );

    await credentials.current();
    await credentials.current();

    expect(await calls()).toBe(2);
  });

  test('are asked for again when the server refuses them, once for all requests that were refused', async () => {
    const credentials = await credentialsOf(await plugin(answer('{"token":"t"}')));
    const refused = await credentials.current();

    await Promise.all([credentials.renewed(refused), credentials.renewed(refused), credentials.renewed(refused)]);

    expect(await calls()).toBe(2);
  });

  test('may be a certificate', async () => {
    const credentials = await credentialsOf(
      await plugin(answer('{"clientCertificateData":"CERT","clientKeyData":"KEY"}')),
    );

    expect((await credentials.current()).tls).toMatchObject({ cert: 'CERT', key: 'KEY' });
  });

  test('are asked for by the protocol: with its input and without a terminal', async () => {
    const credentials = await credentialsOf(
      await plugin(
        `cat > "${path('stdin')}"; printf %s "$KUBERNETES_EXEC_INFO" > "${path('info')}"; ${answer('{"token":"t"}')}`,
      ),
    );

    await credentials.current();

    expect(await readFile(path('stdin'), 'utf8')).toBe('');
    expect(JSON.parse(await readFile(path('info'), 'utf8'))).toEqual({
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
      spec: { interactive: false },
    });
  });

  test.each([
    ['that fails', 'echo "session expired" >&2; exit 1', 'session expired'],
    ['that says nothing', 'exit 0', 'ExecCredential'],
    ['that says its token only', 'echo secret-token', 'ExecCredential'],
    ['that says something else', 'echo "{}"', 'ExecCredential'],
  ])('%s are an error that says why', async (_, script, message) => {
    const credentials = await credentialsOf(await plugin(script));

    const error: unknown = await credentials.current().catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(ApiUnreachableError);
    expect(inspect(error)).toContain(message);
    expect(inspect(error)).not.toContain('secret-token');
  });

  test('are asked for again after an answer that made no sense', async () => {
    const script = `if [ -e "${path('good')}" ]; then ${answer('{"token":"t"}')}; else echo '{}'; fi`;
    const credentials = await credentialsOf(await plugin(script));
    await expect(credentials.current()).rejects.toThrow('ExecCredential');

    await writeFile(path('good'), '');

    expect((await credentials.current()).headers).toEqual({ authorization: 'Bearer t' });
  });
});
