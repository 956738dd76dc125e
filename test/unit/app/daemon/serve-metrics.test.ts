import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { serveMetrics } from '../../../../src/app/daemon/serve-metrics.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import type { ApiClient } from '../../../../src/kubernetes/client.ts';
import { createMetrics } from '../../../../src/telemetry/metrics/metrics.ts';
import { selfSigned } from '../../../../src/telemetry/endpoint/self-signed.ts';
import { aNodeReport } from '../../../support/reports.ts';

const logged: string[] = [];
const log = (message: string, fields?: object) => logged.push(`${message} ${JSON.stringify(fields ?? {})}`);
const signal = new AbortController().signal;

afterEach(() => {
  vi.useRealTimers();
  logged.length = 0;
});

function partsOn(here: MemoryHost) {
  return {
    machine: { here, clock: () => performance.now(), now: () => new Date() },
    metrics: createMetrics({ version: '1' }),
    logger: { debug: log, info: log, warn: log, error: log },
    names: ['worker-1'],
  };
}

async function takenPort() {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  return { other, port: (other.address() as { port: number }).port };
}

test('a port that is taken is tried again until it is free, which is said once, and the newest report is not lost', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { other, port } = await takenPort();
  const server = await serveMetrics({ host: '127.0.0.1', port, secure: false }, partsOn(new MemoryHost()));
  onTestFinished(() => server.close());
  await server.publish(aNodeReport(), signal);
  await vi.advanceTimersByTimeAsync(90_000);
  const during = server.port;
  await new Promise((resolve) => other.close(resolve));

  await vi.advanceTimersByTimeAsync(30_000);
  vi.useRealTimers();
  await expect.poll(() => server.port).toBe(port);

  expect(during).toBe(0);
  expect(logged.filter((line) => line.includes('not served'))).toHaveLength(1);
  expect(await (await fetch(`http://127.0.0.1:${port}/readyz`)).text()).toBe('ready\n');
});

test('a certificate that is not there yet costs the metrics until it is', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const here = new MemoryHost();
  const { other, port } = await takenPort();
  await new Promise((resolve) => other.close(resolve));
  const client = {} as ApiClient;
  const endpoint = { host: '127.0.0.1', port, secure: true, certDirectory: '/certs' };
  const server = await serveMetrics(endpoint, { ...partsOn(here), client });
  onTestFinished(() => server.close());
  const before = server.port;
  const { cert, key } = selfSigned({ names: [], now: new Date(), days: 1 });
  await here.writeFile('/certs/tls.crt', cert);
  await here.writeFile('/certs/tls.key', key);

  await vi.advanceTimersByTimeAsync(30_000);
  vi.useRealTimers();

  expect(before).toBe(0);
  expect(logged.join('\n')).toContain('\\"/certs/tls.crt\\" and \\"/certs/tls.key\\" not found');
  await expect.poll(() => server.port).toBe(port);
});

test('what is closed is not opened any more', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { other, port } = await takenPort();
  const server = await serveMetrics({ host: '127.0.0.1', port, secure: false }, partsOn(new MemoryHost()));
  await server.close();
  await new Promise((resolve) => other.close(resolve));

  await vi.advanceTimersByTimeAsync(300_000);

  expect(server.port).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('other machines are never served without TLS, even when nobody can be asked', async () => {
  const server = await serveMetrics({ host: '', port: 9753, secure: true }, partsOn(new MemoryHost()));
  onTestFinished(() => server.close());

  expect(server.port).toBe(0);
  expect(logged.join('\n')).toContain('without TLS');
});
