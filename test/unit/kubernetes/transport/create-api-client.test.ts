/** The client against servers of the test's own, for what a real API server cannot be made to do. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createProxyServer, type IncomingMessage } from 'node:http';
import { constants, type Http2ServerResponse } from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ApiClient, ApiRequest, WatchEvent } from '../../../../src/kubernetes/client.ts';
import { type ApiClientOptions, createApiClient } from '../../../../src/kubernetes/transport/create-api-client.ts';
import { type Authority, authorityIn } from '../../../apiserver/harness/certificates.ts';
import {
  answerStatus,
  type Fault,
  type HttpFaultProxy,
  startHttpFaultProxy,
} from '../../../support/http-fault-proxy.ts';
import { leaveOut } from '../../../support/leave-out.ts';
import { startTcpFaultProxy } from '../../../support/tcp-fault-proxy.ts';

const never = new AbortController().signal;
const GET: ApiRequest = { method: 'GET', path: '/version' };
let folder: string;
let authority: Authority;
let certificate: { cert: string; key: string };
const { error: noOpenssl } = spawnSync('openssl', ['version']);
beforeEach((context) => {
  if (noOpenssl === undefined) return;
  leaveOut(context, 'openssl, which makes the certificates of the servers here, is not installed');
});
beforeAll(async () => {
  if (noOpenssl !== undefined) return;
  folder = await mkdtemp(join(tmpdir(), 'api-client-'));
  authority = await authorityIn(folder);
  certificate = await authority.forServer('api');
});
afterAll(async () => {
  if (noOpenssl === undefined) await rm(folder, { recursive: true, force: true });
});

async function server(fault: Fault, isHttp1Only = false): Promise<HttpFaultProxy> {
  const made = await startHttpFaultProxy({ certificate, isHttp1Only });
  made.setFault(fault);
  onTestFinished(made.close);
  return made;
}

async function clientOf(
  url: string,
  options: Partial<ApiClientOptions> & { cluster?: object } = {},
): Promise<ApiClient> {
  const { cluster, ...rest } = options;
  const kubeconfig = join(folder, `${Math.random()}.kubeconfig`);
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority': authority.caFile, ...cluster } }],
    users: [{ name: 'u', user: { token: 'secret' } }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const client = createApiClient({
    kubeconfig,
    userAgent: 'nodeprep/1.2.3',
    connectMs: 2000,
    requestMs: 2000,
    ...rest,
  });
  onTestFinished(() => client.close());
  return client;
}

function json(response: Http2ServerResponse, value: unknown): 'answered' {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
  return 'answered';
}

async function eventsOf(events: AsyncIterable<WatchEvent>): Promise<readonly WatchEvent[]> {
  const seen: WatchEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

describe.each([false, true])('a request (HTTP/1.1 only: %s)', (isHttp1Only) => {
  test('carries its query, its body, who asks and with what program', async () => {
    const bodies: unknown[] = [];
    const { url, seen } = await server((_, response) => {
      const { req } = response;
      let text = '';
      req.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      req.on('end', () => {
        bodies.push([JSON.parse(text), req.headers['content-type'], req.headers['user-agent'], req.headers.accept]);
        json(response, { kind: 'NodePrep' });
      });
      return 'answered';
    }, isHttp1Only);
    const client = await clientOf(`${url}/k8s/clusters/c-1/`);

    const answer = await client.send(
      {
        method: 'PATCH',
        path: '/apis/nodeprep.dev/v1alpha1/nodepreps/worker-1',
        query: { fieldManager: 'a b&c', force: false },
        body: { spec: 'ü' },
        contentType: 'application/apply-patch+yaml',
      },
      never,
    );

    expect(answer).toEqual({ kind: 'NodePrep' });
    expect(bodies).toEqual([[{ spec: 'ü' }, 'application/apply-patch+yaml', 'nodeprep/1.2.3', 'application/json']]);
    expect(seen[0]).toMatchObject({ method: 'PATCH', authorization: 'Bearer secret' });
    expect(seen[0]?.url.pathname).toBe('/k8s/clusters/c-1/apis/nodeprep.dev/v1alpha1/nodepreps/worker-1');
    expect(Object.fromEntries(seen[0]?.url.searchParams ?? [])).toEqual({ fieldManager: 'a b&c', force: 'false' });
  });

  test('may have an answer without a body', async () => {
    const { url } = await server((_, response) => {
      response.writeHead(200).end();
      return 'answered';
    }, isHttp1Only);

    expect(await (await clientOf(url)).send(GET, never)).toBeUndefined();
  });

  test.each<[string, Fault, string]>([
    [
      'an answer without end',
      (_, response) => {
        const more = () => {
          while (response.writable && response.write(Buffer.alloc(1 << 16, 'x')));
        };
        response.on('drain', more);
        more();
        return 'answered';
      },
      'more than 8 MB',
    ],
    [
      'an answer that never goes on',
      (_, response) => {
        response.write('{"kind":');
        return 'answered';
      },
      'no answer within 2 s',
    ],
    ['no answer', () => 'answered', 'no answer within 2 s'],
    [
      'an answer that breaks off',
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"kind":', () => {
          if (isHttp1Only) response.socket.destroy();
          else response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
        });
        return 'answered';
      },
      '',
    ],
  ])('fails with %s, and the next one is answered', async (_, fault, message) => {
    const { url, setFault, openConnections } = await server(fault, isHttp1Only);
    const client = await clientOf(url, { requestMs: message.startsWith('no answer within') ? 2000 : 25_000 });

    const failed = client.send(GET, never);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toMatchObject({
      name: 'ApiUnreachableError',
      message: expect.stringContaining('Cannot GET "/version": no answer from "https://127.0.0.1:'),
    });
    setFault((_, response) => json(response, { major: '1' }));

    expect(await client.send(GET, never)).toEqual({ major: '1' });
    expect(openConnections()).toBe(1);
  });

  test('ends when its caller says so, with the reason of the caller', async () => {
    const { url, seen, setFault } = await server(() => 'answered', isHttp1Only);
    const client = await clientOf(url);
    const abort = new AbortController();
    const sent = client.send(GET, abort.signal);
    await expect.poll(() => seen.length).toBe(1);

    abort.abort(new Error('stopped by its caller'));

    await expect(sent).rejects.toThrow('stopped by its caller');
    setFault((_, response) => json(response, 'ok'));
    expect(await client.send(GET, never)).toBe('ok');
  });

  test('of many at a time has its own answer', async () => {
    const { url, connections } = await server((request, response) => json(response, request.url.pathname), isHttp1Only);
    const client = await clientOf(url);
    const paths = Array.from({ length: 50 }, (_, index) => `/path-${index}`);

    const answers = await Promise.all(paths.map((path) => client.send({ method: 'GET', path }, never)));

    expect(answers).toEqual(paths);
    expect(connections()).toBeLessThanOrEqual(isHttp1Only ? 6 : 1);
  });

  test('is not sent after the client was closed', async () => {
    const { url, seen, openConnections } = await server((_, response) => json(response, 'ok'), isHttp1Only);
    const client = await clientOf(url);
    await client.send(GET, never);

    await client.close();

    await expect(client.send(GET, never)).rejects.toThrow('the client was closed');
    expect(seen).toHaveLength(1);
    await expect.poll(openConnections).toBe(0);
  });
});

describe.each([false, true])('a watch (HTTP/1.1 only: %s)', (isHttp1Only) => {
  test('ends quietly when nothing came for long, so that its caller asks again', async () => {
    const line = `${JSON.stringify({ type: 'BOOKMARK', object: {} })}\n`;
    const { url } = await server((_, response) => {
      response.writeHead(200);
      response.write(line);
      return 'answered';
    }, isHttp1Only);
    const client = await clientOf(url, { silenceMs: 200 });

    expect(await eventsOf(client.watch(GET, never))).toEqual([{ type: 'BOOKMARK', object: {} }]);
  });

  test('fails when the server refuses it', async () => {
    const { url } = await server((_, response) => answerStatus(response, 403, 'Forbidden'), isHttp1Only);
    const client = await clientOf(url);

    await expect(eventsOf(client.watch(GET, never))).rejects.toMatchObject({ code: 403, reason: 'Forbidden' });
  });

  test('leaves nothing behind when its reader stops', async () => {
    const { url, seen, answering } = await server((_, response) => {
      response.writeHead(200);
      response.write(`${JSON.stringify({ type: 'ADDED', object: {} })}\n`);
      return 'answered';
    }, isHttp1Only);
    const client = await clientOf(url);

    for (let count = 0; count < 5; count += 1) {
      for await (const event of client.watch(GET, never)) {
        expect(event.type).toBe('ADDED');
        break;
      }
    }

    expect(seen).toHaveLength(5);
    await expect.poll(answering).toBe(0);
  });
});

describe('a connection', () => {
  test('that takes no more requests is replaced, and what it refused is sent again', async () => {
    let refused = 0;
    const { url, seen, connections } = await server((_, response) => {
      if (refused < 1) {
        refused += 1;
        response.stream.close(constants.NGHTTP2_REFUSED_STREAM);
        return 'answered';
      }
      return json(response, 'ok');
    });
    const client = await clientOf(url);

    expect(await client.send({ method: 'POST', path: '/x', body: {} }, never)).toBe('ok');
    expect(seen).toHaveLength(2);
    expect(connections()).toBe(1);
  });

  test('is not used again after a GOAWAY with an error', async () => {
    let isFirst = true;
    const { url, connections } = await server((_, response) => {
      if (!isFirst) return json(response, 'ok');
      isFirst = false;
      response.stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      return 'answered';
    });
    const client = await clientOf(url);

    await expect(client.send(GET, never)).rejects.toMatchObject({ name: 'ApiUnreachableError' });

    expect(await client.send(GET, never)).toBe('ok');
    expect(connections()).toBe(2);
  });

  test('to a server that never speaks TLS is given up', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => {
      sockets.push(socket);
      socket.resume();
    });
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      mute.close();
    });
    const client = await clientOf(`https://127.0.0.1:${(mute.address() as AddressInfo).port}`, { connectMs: 200 });

    await expect(client.send(GET, never)).rejects.toThrow('no connection within 0.2 s');

    await expect.poll(() => sockets.every((socket) => socket.destroyed || socket.readableEnded)).toBe(true);
  });

  test('that was dead when it was used is noticed by a PING, long before a watch would be', async () => {
    const { port, seen } = await server((_, response) => {
      response.writeHead(200);
      response.write('\n');
      return 'answered';
    });
    const proxy = await startTcpFaultProxy(port);
    onTestFinished(proxy.close);
    const client = await clientOf(`https://127.0.0.1:${proxy.port}`, { pingIntervalMs: 100, pingAnswerMs: 200 });
    const watched = eventsOf(client.watch(GET, never));
    await expect.poll(() => seen.length).toBe(1);

    proxy.freeze();

    await expect(watched).rejects.toThrow('the server did not answer a PING within 0.2 s');
  });

  test.each([
    ['refuses', 'https://127.0.0.1:1', 'nothing listens there; is the API server running? (ECONNREFUSED)'],
    ['has no address', 'https://no-such-host.invalid', 'of this node'],
  ])('to a server that %s says what to look at', async (_, url, message) => {
    // Where no name server answers, the resolver takes ten seconds and more to say so.
    const client = await clientOf(url, { connectMs: 25_000, requestMs: 25_000 });

    await expect(client.send(GET, never)).rejects.toThrow(message);
  });

  test('to a server with a certificate for other names says so', async () => {
    const { port } = await server((_, response) => json(response, 'ok'));
    const client = await clientOf(`https://127.0.0.1:${port}`, { cluster: { 'tls-server-name': 'other.example' } });

    await expect(client.send(GET, never)).rejects.toThrow('the certificate of the server is for other names');
  });
});

describe.each([false, true])('a proxy of the kubeconfig (HTTP/1.1 only: %s)', (isHttp1Only) => {
  async function startConnectProxy(answer: 'open' | 'refuse' | 'nothing') {
    const asked: string[] = [];
    const sockets = new Set<Duplex>();
    const proxy = createProxyServer();
    proxy.on('connect', (request: IncomingMessage, socket: Duplex) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
      sockets.add(socket);
      socket.on('error', () => {});
      if (answer === 'nothing') {
        // Read to its end, which is how the end shows here.
        socket.resume();
        return;
      }
      if (answer === 'refuse') {
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        return;
      }
      const [host, port] = (request.url ?? '').split(':');
      const target = connect(Number(port), host);
      sockets.add(target);
      target.on('connect', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
      target.pipe(socket).pipe(target);
      for (const one of [target, socket]) one.on('error', () => {});
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    });
    const open = () => [...sockets].filter((socket) => !socket.destroyed && !socket.readableEnded).length;
    return { port: (proxy.address() as AddressInfo).port, asked, open };
  }

  test('is used for one connection, with its name and password', async () => {
    const { url, port } = await server((_, response) => json(response, 'ok'), isHttp1Only);
    const proxy = await startConnectProxy('open');
    const client = await clientOf(url, { cluster: { 'proxy-url': `http://user:pass@127.0.0.1:${proxy.port}` } });

    expect([await client.send(GET, never), await client.send(GET, never)]).toEqual(['ok', 'ok']);

    expect(proxy.asked).toEqual([`127.0.0.1:${port} Basic ${Buffer.from('user:pass').toString('base64')}`]);
  });

  test('is named when it refuses', async () => {
    const { url } = await server((_, response) => json(response, 'ok'), isHttp1Only);
    const proxy = await startConnectProxy('refuse');
    const client = await clientOf(url, { cluster: { 'proxy-url': `http://127.0.0.1:${proxy.port}` } });

    await expect(client.send(GET, never)).rejects.toThrow('the proxy did not connect: Bad response: 403');
  });

  test('that never answers is given up', async () => {
    const { url } = await server((_, response) => json(response, 'ok'), isHttp1Only);
    const proxy = await startConnectProxy('nothing');
    const cluster = { 'proxy-url': `http://127.0.0.1:${proxy.port}` };
    const client = await clientOf(url, { cluster, connectMs: 1000 });

    await expect(client.send(GET, never)).rejects.toThrow(/no connection within 1 s|Proxy timeout/);

    expect(proxy.asked).toHaveLength(1);
    await expect.poll(proxy.open).toBe(0);
  });
});

test('a kubeconfig that was replaced is read within a minute, also when the clock of the host was set back', async () => {
  const { url, seen } = await server((_, response) => json(response, {}));
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const kubeconfig = join(folder, 'replaced.kubeconfig');
  const write = (token: string) =>
    writeFile(
      kubeconfig,
      JSON.stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority': authority.caFile } }],
        users: [{ name: 'u', user: { token } }],
      }),
    );
  await write('old');
  const client = await clientOf(url, { kubeconfig });
  await client.send(GET, never);

  await write('new');
  vi.setSystemTime(Date.now() - 86_400_000);
  vi.advanceTimersByTime(61_000);
  await client.send(GET, never);

  expect(seen.map(({ authorization }) => authorization)).toEqual(['Bearer old', 'Bearer new']);
});
