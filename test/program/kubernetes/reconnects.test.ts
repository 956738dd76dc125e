/** Losing the connection again and again; `npm run bench:kubernetes` does it ten thousand times and measures the process. */
import { spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createApiClient } from '../../../src/kubernetes/transport/create-api-client.ts';
import { watchObject } from '../../../src/kubernetes/object/watch-object.ts';
import { authorityIn } from '../../apiserver/harness/certificates.ts';
import { startHttpFaultProxy } from '../../support/http-fault-proxy.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const SOON = { timeout: 60_000, interval: 20 };

test('three hundred reconnects leave nothing behind: no connection, no timer, no listener, no memory', async ({
  skip,
}) => {
  if (spawnSync('openssl', ['version']).error !== undefined) skip('openssl is not installed');
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'reconnects-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const authority = await authorityIn(folder);
  const server = await startHttpFaultProxy({ certificate: await authority.forServer('api') });
  stack.defer(server.close);
  let watches = 0;
  let isQuiet = false;
  server.setFault(({ url }, response) => {
    response.writeHead(200);
    if (!url.searchParams.has('watch')) {
      response.end('{"metadata":{"resourceVersion":"1"},"items":[]}');
      return 'answered';
    }
    watches += 1;
    const object = { metadata: { resourceVersion: String(watches) } };
    response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`, () => {
      if (isQuiet) return;
      if (watches % 50 === 0) server.dropConnections();
      else if (watches % 2 === 0) response.stream.session?.close();
      response.end();
    });
    return 'answered';
  });
  const kubeconfig = join(folder, 'kubeconfig');
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: server.url, 'certificate-authority': authority.caFile } }],
    users: [{ name: 'u', user: { token: 't' } }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const client = createApiClient({ kubeconfig, userAgent: 'nodeprep-test' });
  stack.defer(client.close);
  const abort = new AbortController();
  const listener = { onChange: () => {}, onProblem: () => {} };
  const target = { path: '/nodepreps', name: 'worker-1' };
  const ended = watchObject(client, target, listener, { clock: Date.now, random: () => 0 }, abort.signal);
  stack.defer(async () => void (await ended));
  stack.defer(() => abort.abort());
  const restAfter = async (count: number) => {
    isQuiet = false;
    server.endAnswers();
    await expect.poll(() => watches, SOON).toBeGreaterThan(count);
    isQuiet = true;
    await expect.poll(() => server.openConnections(), SOON).toBe(1);
    await expect.poll(() => server.answering(), SOON).toBe(1);
    collectGarbage();
    return {
      heapMb: process.memoryUsage().heapUsed / 1e6,
      listeners: getEventListeners(abort.signal, 'abort').length,
      resources: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind.startsWith('T')).length,
    };
  };

  const early = await restAfter(100);
  const late = await restAfter(300);

  expect(server.connections()).toBeGreaterThan(120);
  expect(late.listeners).toBeLessThanOrEqual(early.listeners + 1);
  expect(late.resources).toBeLessThanOrEqual(early.resources + 3);
  expect(late.heapMb - early.heapMb).toBeLessThan(1.5);
}, 120_000);
