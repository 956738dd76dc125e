import { once } from 'node:events';
import { request } from 'node:https';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect, type ConnectionOptions } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryHost } from '../../../src/host/memory/memory-host.ts';
import type { MetricsAuthorizer, Verdict } from '../../../src/telemetry/endpoint/access.ts';
import { keyPairIn, ownKeyPair, type KeyPairSource } from '../../../src/telemetry/endpoint/key-pairs.ts';
import { createMetrics } from '../../../src/telemetry/metrics/metrics.ts';
import { selfSigned } from '../../../src/telemetry/endpoint/self-signed.ts';
import { listen, type ServerOptions, type TelemetryServer } from '../../../src/telemetry/endpoint/server.ts';
import { aCondition, aNodeReport } from '../../support/reports.ts';

const NOW = () => new Date();
const logged: string[] = [];
const log = (message: string, fields?: object) => logged.push(`${message} ${JSON.stringify(fields ?? {})}`);
const logger = { debug: log, info: log, warn: log, error: log };
const signal = new AbortController().signal;
const open: TelemetryServer[] = [];

/** Knows two tokens; the API server is away for a third. */
const authorizer: MetricsAuthorizer = {
  authorize: async (token): Promise<Verdict> => {
    if (token === 'good') return { outcome: 'Allowed' };
    if (token === 'reader') return { outcome: 'Forbidden', message: '"reader" may not get /metrics.' };
    if (token === 'away') return { outcome: 'Unavailable', message: 'connect ECONNREFUSED 10.96.0.1:443' };
    if (token === 'many') return { outcome: 'Busy', message: 'Too many callers.' };
    return { outcome: 'Unauthenticated', message: 'Unknown token.' };
  },
};

async function serving(options: Partial<ServerOptions> & { keyPair?: KeyPairSource } = {}): Promise<TelemetryServer> {
  const { keyPair = ownKeyPair(['worker-1'], NOW), ...rest } = options;
  const metrics = createMetrics({ version: '1.2.3' });
  const server = await listen({ port: 0, host: '', secure: { keyPair, authorizer }, metrics, logger, ...rest });
  open.push(server);
  return server;
}

beforeEach(() => {
  logged.length = 0;
});

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(open.splice(0).map((server) => server.close()));
});

interface Reply {
  readonly code: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly certificate: string;
}

const get = (server: TelemetryServer, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<Reply>((resolve, reject) => {
    const options = { host: '127.0.0.1', port: server.port, path, method, agent: false, rejectUnauthorized: false };
    const sent = request({ ...options, headers }, (response) => {
      const { socket } = response as unknown as { socket: { getPeerCertificate: () => { fingerprint256: string } } };
      const certificate = socket.getPeerCertificate().fingerprint256;
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ code: response.statusCode ?? 0, body, headers: response.headers, certificate }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** How a handshake ends. */
const handshake = (server: TelemetryServer, options: ConnectionOptions) =>
  new Promise<string>((resolve) => {
    const socket = connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => {
      resolve(`${socket.getProtocol()} ${socket.alpnProtocol || 'no ALPN'} ${socket.getCipher().name}`);
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });

describe('who may read the metrics on an address that other machines reach', () => {
  test('callers that the authorizer lets in', async () => {
    const reply = await get(await serving(), '/metrics', bearer('good'));

    expect(reply.code).toBe(200);
    expect(reply.body).toContain('# TYPE nodeprep_build_info gauge');
  });

  test.each([
    ['no credentials', {}, 401],
    ['an unknown token', bearer('bad'), 401],
    ['a token without the right', bearer('reader'), 403],
    ['a good token while the API server is away', bearer('away'), 503],
    ['one token too many', bearer('many'), 429],
    ['a password', { authorization: 'Basic Z29vZDpnb29k' }, 401],
    ['an empty token', { authorization: 'Bearer ' }, 401],
    ['two tokens', { authorization: 'Bearer bad good' }, 401],
    ['the token without its scheme', { authorization: 'good' }, 401],
    ['the token in the query', { referer: 'good' }, 401],
  ])('not whoever comes with %s', async (_, headers, code) => {
    const server = await serving();

    for (const method of ['GET', 'HEAD']) {
      const reply = await get(server, '/metrics?token=good', headers, method);
      expect(reply.code).toBe(code);
      expect(reply.body).not.toContain('nodeprep_');
      expect(reply.headers['www-authenticate']).toBe(code === 401 ? 'Bearer realm="nodeprep"' : undefined);
    }
  });

  test('the scheme is read in any case, as HTTP wants it', async () => {
    expect((await get(await serving(), '/metrics', { authorization: 'bearer good' })).code).toBe(200);
  });

  test('why the API server does not answer is for the log, once for each outage', async () => {
    const server = await serving();
    const reply = await get(server, '/metrics', bearer('away'));
    await get(server, '/metrics', bearer('away'));
    await get(server, '/metrics');
    await get(server, '/metrics', bearer('away'));

    expect(reply.body).toBe('The API server cannot be asked who you are; see the log of nodeprep.\n');
    expect(logged.filter((line) => line.includes('ECONNREFUSED'))).toHaveLength(1);
    await get(server, '/metrics', bearer('good'));
    await get(server, '/metrics', bearer('away'));
    expect(logged.filter((line) => line.includes('ECONNREFUSED'))).toHaveLength(2);
  });

  test('health needs no credentials, and says nothing about the host but the reason', async () => {
    const server = await serving();
    const failed = aCondition({ status: 'False', reason: 'ApplyFailed', message: 'vm.swappiness: Invalid argument' });
    await server.publish(aNodeReport({ conditions: [failed] }), signal);

    expect(await get(server, '/healthz')).toMatchObject({ code: 200, body: 'ok\n' });
    expect(await get(server, '/readyz')).toMatchObject({ code: 503, body: 'not ready: ApplyFailed\n' });
    await server.publish(aNodeReport(), signal);
    expect(await get(server, '/readyz')).toMatchObject({ code: 200, body: 'ready\n' });
  });

  test('a Host header does not matter: the certificate and the token do', async () => {
    expect((await get(await serving(), '/metrics', { ...bearer('good'), host: 'worker-1:9752' })).code).toBe(200);
  });
});

describe('TLS', () => {
  test('is 1.2 or newer, with ciphers that keep the past secret, and speaks HTTP/1.1 only', async () => {
    const server = await serving();

    expect(await handshake(server, {})).toMatch(/^TLSv1\.3 no ALPN/);
    expect(await handshake(server, { maxVersion: 'TLSv1.2' })).toMatch(/^TLSv1\.2 no ALPN ECDHE-ECDSA-/);
    expect(await handshake(server, { ALPNProtocols: ['h2', 'http/1.1'] })).toContain('http/1.1');
    expect(await handshake(server, { ALPNProtocols: ['h2'] })).toContain('NO_APPLICATION_PROTOCOL');
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    expect(await handshake(server, old)).toMatch(/ERR_SSL|ECONNRESET/);
    expect(await handshake(server, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:ECDHE-ECDSA-AES128-SHA' })).toMatch(
      /ERR_SSL|ECONNRESET/,
    );
  });

  test('plain HTTP gets no answer from it', async () => {
    const server = await serving();
    const socket = connectPlain(server.port, '127.0.0.1', () =>
      socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'),
    );
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => {});
    await once(socket, 'close');

    expect(text).not.toContain('nodeprep_');
    expect((await get(server, '/healthz')).code).toBe(200);
  });

  test('is not optional: other machines must not be served in plain text', async () => {
    const metrics = createMetrics({ version: '1' });

    for (const host of ['', '0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com']) {
      await expect(listen({ port: 0, host, metrics, logger })).rejects.toThrow('without TLS');
    }
  });
});

describe('the certificate', () => {
  const DIRECTORY = '/var/run/nodeprep/serving';
  const pairAt = (day: string) => selfSigned({ names: ['worker-1'], now: new Date(day), days: 3650 });
  const files = (pair: { cert: string; key: string }) => ({
    [`${DIRECTORY}/tls.crt`]: pair.cert,
    [`${DIRECTORY}/tls.key`]: pair.key,
  });

  test('comes from the files that cert-manager writes, and is changed without losing a connection when they are', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const host = new MemoryHost(files(pairAt('2026-01-01')));
    const server = await serving({ keyPair: keyPairIn(host, DIRECTORY) });
    const before = await get(server, '/healthz');
    const same = await get(server, '/healthz');

    for (const [path, text] of Object.entries(files(pairAt('2026-02-02')))) await host.writeFile(path, text);
    await vi.advanceTimersByTimeAsync(60_000);

    expect(same.certificate).toBe(before.certificate);
    await expect.poll(async () => (await get(server, '/healthz')).certificate).not.toBe(before.certificate);
    expect(logged.join('\n')).toContain('Serving metrics with a new certificate');
  });

  test('stays the old one while the new key is not there yet, or nonsense, which is said once', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const old = pairAt('2026-01-01');
    const host = new MemoryHost(files(old));
    const server = await serving({ keyPair: keyPairIn(host, DIRECTORY) });
    const before = await get(server, '/healthz');
    const next = pairAt('2026-02-02');
    const problems = () => logged.filter((line) => line.includes('cannot be used')).length;

    await host.writeFile(`${DIRECTORY}/tls.crt`, next.cert);
    await vi.advanceTimersByTimeAsync(180_000);
    await expect.poll(problems).toBe(1);
    await host.writeFile(`${DIRECTORY}/tls.crt`, 'nonsense');
    await vi.advanceTimersByTimeAsync(60_000);
    await expect.poll(problems).toBe(2);
    await host.removeFile(`${DIRECTORY}/tls.crt`);
    await vi.advanceTimersByTimeAsync(60_000);
    await expect.poll(problems).toBe(3);

    expect((await get(server, '/healthz')).certificate).toBe(before.certificate);
    expect(logged.join('\n')).not.toContain(next.key.split('\n')[1]);
    await host.writeFile(`${DIRECTORY}/tls.crt`, next.cert);
    await host.writeFile(`${DIRECTORY}/tls.key`, next.key);
    await vi.advanceTimersByTimeAsync(60_000);
    await expect.poll(async () => (await get(server, '/healthz')).certificate).not.toBe(before.certificate);
  });

  test.each([
    ['absent files', {}, `"${DIRECTORY}/tls.crt" and "${DIRECTORY}/tls.key" not found or empty`],
    [
      'an absent key',
      { [`${DIRECTORY}/tls.crt`]: pairAt('2026-01-01').cert },
      `"${DIRECTORY}/tls.key" not found or empty`,
    ],
    ['a key of another certificate', files({ ...pairAt('2026-01-01'), key: pairAt('2026-01-01').key }), 'mismatch'],
    ['nonsense', files({ cert: 'nonsense', key: 'nonsense' }), 'PEM'],
  ])('that cannot be used because of %s is an error at start', async (_, contents, problem) => {
    const host = new MemoryHost(contents);

    await expect(serving({ keyPair: keyPairIn(host, DIRECTORY) })).rejects.toThrow(
      new RegExp(`^Cannot serve metrics on :0: .*${problem.replaceAll(/[.()/]/g, '\\$&')}`, 'i'),
    );
  });
});

describe('strangers', () => {
  const held: Socket[] = [];
  afterEach(() => {
    for (const socket of held.splice(0)) socket.destroy();
  });

  /** Opens connections from an address of its own and gives how many of them stay open. */
  async function hold(server: TelemetryServer, count: number, localAddress: string): Promise<readonly Socket[]> {
    const sockets = Array.from({ length: count }, () =>
      connectPlain({ port: server.port, host: '127.0.0.1', localAddress }).on('error', () => {}),
    );
    held.push(...sockets);
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    return sockets;
  }
  const alive = (sockets: readonly Socket[]) => sockets.filter((socket) => !socket.destroyed && !socket.closed).length;

  test('hold no more than sixteen connections each and sixty-four together, and the probes of this machine get through', async () => {
    const server = await serving();
    const first = await hold(server, 30, '127.0.0.9');
    for (const socket of first) socket.resume();
    await expect.poll(() => alive(first), { timeout: 10_000 }).toBe(16);

    const others = await Promise.all([10, 11, 12, 13, 14].map((last) => hold(server, 16, `127.0.0.${last}`)));
    for (const socket of others.flat()) socket.resume();

    await expect.poll(() => alive(others.flat()), { timeout: 10_000 }).toBe(64);
    expect(alive(first)).toBe(0);
    expect((await get(server, '/healthz')).code).toBe(200);
    for (const socket of first) socket.destroy();
    await expect.poll(async () => alive(await hold(server, 1, '127.0.0.9'))).toBe(1);
  });

  test('on this machine hold no more than thirty-two, and do not keep its probes out', async () => {
    const server = await serving();
    const own = await hold(server, 100, '127.0.0.1');
    for (const socket of own) socket.resume();

    await expect.poll(() => alive(own), { timeout: 10_000 }).toBeLessThanOrEqual(32);
    expect((await get(server, '/healthz')).code).toBe(200);
  });

  test('that send headers without end get an error, and a long token of many groups gets through', async () => {
    const server = await serving();

    expect((await get(server, '/metrics', bearer('x'.repeat(12_000)))).code).toBe(401);
    expect((await get(server, '/metrics', bearer('x'.repeat(40_000)))).code).toBe(431);
  });

  test('that never finish the handshake are cut off after some seconds', { timeout: 20_000 }, async () => {
    const server = await serving();
    const [socket] = await hold(server, 1, '127.0.0.9');
    socket?.resume();

    await expect.poll(() => socket?.closed, { timeout: 15_000, interval: 200 }).toBe(true);
  });
});
