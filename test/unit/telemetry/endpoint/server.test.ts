import { request, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createMetrics } from '../../../../src/telemetry/metrics/metrics.ts';
import { listen, startServer, type TelemetryServer } from '../../../../src/telemetry/endpoint/server.ts';
import { aCondition, aNodeReport } from '../../../support/reports.ts';

const logged: string[] = [];
const log = (message: string) => logged.push(message);
const logger = { debug: log, info: log, warn: log, error: log };
const signal = new AbortController().signal;
const open: TelemetryServer[] = [];

async function serving(metrics = createMetrics({ version: '1.2.3' }) as Parameters<typeof listen>[0]['metrics']) {
  const server = await listen({ port: 0, metrics, logger });
  open.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
  logged.length = 0;
});

interface Reply {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const call = (server: TelemetryServer, path: string, options: RequestOptions = {}, body?: string): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: server.port, path, agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** Sends raw bytes and gives everything that comes back until the connection ends. */
const raw = (server: TelemetryServer, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });

describe('endpoint', () => {
  test('serves the metrics in the Prometheus text format', async () => {
    const reply = await call(await serving(), '/metrics');

    expect(reply.code).toBe(200);
    expect(reply.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(reply.body).toContain('# TYPE nodeprep_build_info gauge');
    expect(reply.headers['content-length']).toBe(String(Buffer.byteLength(reply.body)));
  });

  test('is healthy as soon as it answers, and ready only while the host is', async () => {
    const server = await serving();
    const readyz = async () => {
      const { code, body } = await call(server, '/readyz');
      return `${code} ${body}`;
    };
    const failed = aCondition({ status: 'False', reason: 'ApplyFailed', message: 'vm.swappiness: Invalid argument' });

    expect(await call(server, '/healthz')).toMatchObject({ code: 200, body: 'ok\n' });
    expect(await readyz()).toBe('503 not ready: Bootstrapping: the first round has not ended yet\n');
    await server.publish(aNodeReport({ conditions: [failed] }), signal);
    expect(await readyz()).toBe('503 not ready: ApplyFailed: vm.swappiness: Invalid argument\n');
    await server.publish(aNodeReport(), signal);
    expect(await readyz()).toBe('200 ready\n');
    await server.publish(aNodeReport({ conditions: [aCondition({ status: 'Unknown', reason: 'Paused' })] }), signal);
    expect((await readyz()).slice(0, 3)).toBe('503');
  });

  test('answers HEAD with the headers of GET and no body', async () => {
    const server = await serving();

    const [get, head] = [await call(server, '/healthz'), await call(server, '/healthz', { method: 'HEAD' })];

    expect(head).toMatchObject({ code: 200, body: '' });
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
  });

  test.each(['/', '/metrics/', '/Metrics', '//metrics', '/..%2fmetrics', '/__proto__', '/constructor', '/debug'])(
    'says 404 to %s',
    async (path) => {
      expect((await call(await serving(), path)).code).toBe(404);
    },
  );

  test('ignores a query', async () => {
    expect((await call(await serving(), '/healthz?verbose')).code).toBe(200);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])('refuses %s', async (method) => {
    const reply = await call(await serving(), '/metrics', { method });

    expect(reply.code).toBe(405);
    expect(reply.headers.allow).toBe('GET, HEAD');
  });

  test('does not read a body that is sent to it', async () => {
    const reply = await call(
      await serving(),
      '/metrics',
      { method: 'POST', headers: { 'content-length': 10 } },
      '0123456789',
    );

    expect(reply.code).toBe(405);
    expect(reply.headers.connection).toBe('close');
  });
});

describe('who may ask', () => {
  test.each([
    'evil.example',
    'evil.example:9752',
    '10.0.0.1',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '169.254.169.254',
  ])('not a page under the name %j (DNS rebinding)', async (host) => {
    const reply = await call(await serving(), '/metrics', { headers: { host } });

    expect(reply.code).toBe(403);
    expect(reply.body).not.toContain('nodeprep_');
  });

  test.each(['localhost', 'LOCALHOST:9752', '127.0.0.1:9752', '127.0.1.1', '[::1]:9752'])(
    'callers that use the loopback name %s',
    async (host) => {
      expect((await call(await serving(), '/metrics', { headers: { host } })).code).toBe(200);
    },
  );

  test('an HTTP/1.0 probe without a Host header, but no HTTP/1.1 request without one', async () => {
    const server = await serving();

    expect(await raw(server, 'GET /healthz HTTP/1.0\r\n\r\n')).toContain('200 OK');
    expect(await raw(server, 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n')).toContain('400 Bad Request');
  });

  test('nobody outside this machine: it listens on 127.0.0.1 only', async () => {
    const server = await serving();
    const outside = new Promise<string>((resolve) => {
      const socket = connect({ port: server.port, host: '::1' }, () => resolve('connected'));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    });

    expect(await outside).not.toBe('connected');
  });
});

describe('bad clients', () => {
  test.each([
    ['garbage', 'not http at all\r\n\r\n', '400'],
    ['headers that are too large', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, '431'],
    [
      'a smuggled request',
      'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      '400',
    ],
  ])('that send %s get an error, and the next client an answer', async (_, bytes, code) => {
    const server = await serving();

    expect(await raw(server, bytes)).toContain(`HTTP/1.1 ${code}`);
    expect((await call(server, '/healthz')).code).toBe(200);
  });

  test('that hold many connections open cannot hold more than a few', async () => {
    const server = await serving();
    const sockets = Array.from({ length: 60 }, () => connect(server.port, '127.0.0.1').on('error', () => {}));

    try {
      await expect
        .poll(() => sockets.filter((socket) => socket.destroyed || socket.readyState !== 'open').length)
        .toBeGreaterThanOrEqual(28);
      // The oldest that only stays goes first, so that callers with a request get in.
      expect((await call(server, '/healthz')).code).toBe(200);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await expect.poll(async () => (await call(server, '/healthz').catch(() => undefined))?.code).toBe(200);
  });
});

describe('life', () => {
  test('port 0 serves nothing, and everything else still works', async () => {
    const server = await startServer({ port: 0, metrics: createMetrics({ version: '1' }), logger });

    await server.publish(aNodeReport(), signal);
    await server.close();

    expect(server.port).toBe(0);
    expect(logged).toEqual([]);
  });

  test('a port in use is an error that says what to do', async () => {
    const { port } = await serving();

    await expect(startServer({ port, metrics: createMetrics({ version: '1' }), logger })).rejects.toThrow(
      `Cannot serve metrics on 127.0.0.1:${port}: another program listens there; choose another with --metrics-port, or 0 to serve none`,
    );
  });

  test('closes at once although clients hold connections open, and twice without harm', async () => {
    const server = await serving();
    const ended = raw(server, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await call(server, '/healthz');
    const started = performance.now();

    await Promise.all([server.close(), server.close()]);

    expect(performance.now() - started).toBeLessThan(1000);
    expect(await ended).toContain('200 OK');
    await expect(call(server, '/healthz')).rejects.toThrow('ECONNREFUSED');
  });

  test('metrics that cannot be rendered are a 500 without details, and are logged', async () => {
    const server = await serving({
      contentType: 'text/plain',
      render: async () => Promise.reject(new Error('secret detail')),
    });

    const reply = await call(server, '/metrics');

    expect(reply.code).toBe(500);
    expect(reply.body).not.toContain('secret');
    expect(logged).toContain('Request could not be answered');
    expect((await call(server, '/healthz')).code).toBe(200);
  });
});
