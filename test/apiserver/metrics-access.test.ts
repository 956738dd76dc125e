/**
 * The metrics endpoint of an agent in a cluster: a real API server says who may read it, with the rights of the
 * manifests, and a real Prometheus reads it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { serveMetrics } from '../../src/app/daemon/serve-metrics.ts';
import { MemoryHost } from '../../src/host/memory/memory-host.ts';
import type { ApiClient } from '../../src/kubernetes/client.ts';
import { createApiClient } from '../../src/kubernetes/transport/create-api-client.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { selfSigned } from '../../src/telemetry/endpoint/self-signed.ts';
import type { TelemetryServer } from '../../src/telemetry/endpoint/server.ts';
import { findPrograms } from '../prometheus/harness/programs.ts';
import { freePort, startPrometheus } from '../prometheus/harness/prometheus-server.ts';
import { leaveOut } from '../support/leave-out.ts';
import { copyOfHost, startNodeprep, temporaryDirectory } from '../support/nodeprep-process.ts';
import { usingControlPlane } from './harness/control-plane.ts';

const MANIFESTS = join(import.meta.dirname, '../../manifests');
/** The API server itself believes a token for ten seconds after its account is gone. */
const SERVER_CACHE = { timeout: 30_000, interval: 500 };
const NAMESPACE = 'nodeprep-system';
const logged: string[] = [];
const log = (message: string, fields?: object) => logged.push(`${message} ${JSON.stringify(fields ?? {})}`);
const logger = { debug: log, info: log, warn: log, error: log };

const FILES = [
  'agent/namespace.yaml',
  'agent/service-account.yaml',
  'agent/rights.yaml',
  'access/metrics-reader.yaml',
  'prometheus/scraper.yaml',
];
const plane = usingControlPlane({
  flavor: 'full',
  prepare: async ({ kubectl }) => {
    for (const file of FILES) {
      const { code, err } = await kubectl(['apply', '--validate=false', '-f', join(MANIFESTS, file)]);
      if (code !== 0) throw new Error(`${file}: ${err}`);
    }
    await kubectl(['create', 'serviceaccount', 'outsider', '-n', NAMESPACE]);
    ({ client, server } = await serveAs(await tokenOf('nodeprep-agent')));
  },
});

let client: ApiClient;
let server: TelemetryServer;
let now = 0;

/** A token of a ServiceAccount, as a pod has one. */
async function tokenOf(account: string, expirationSeconds = 3600, audiences?: readonly string[]): Promise<string> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds, audiences } };
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${account}/token`;
  const answer = await plane().send('POST', path, body);
  const token = (answer.body as { status?: { token?: string } }).status?.token;
  if (token === undefined) throw new Error(`No token for ${account}: ${JSON.stringify(answer.body)}`);
  return token;
}

async function serveAs(token: string): Promise<{ client: ApiClient; server: TelemetryServer }> {
  const kubeconfig = await plane().kubeconfigFor(`agent-${Math.random()}`, { ca: plane().authority.ca, token });
  const agent = createApiClient({ userAgent: 'nodeprep/test', kubeconfig, connectMs: 2000 });
  const endpoint = { host: '', port: await freePort(), secure: true };
  const machine = { here: new MemoryHost(), clock: () => now, now: () => new Date() };
  const metrics = createMetrics({ version: '1.2.3' });
  return {
    client: agent,
    server: await serveMetrics(endpoint, { machine, metrics, logger, names: ['worker-1'], client: agent }),
  };
}

/** `ca` checks the certificate; without it any is good. */
const get = (token: string | undefined, path = '/metrics', at: Pick<TelemetryServer, 'port'> = server, ca?: string) =>
  new Promise<{ readonly code: number; readonly body: string }>((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const options = {
      host: '127.0.0.1',
      port: at.port,
      path,
      headers,
      agent: false,
      ca,
      rejectUnauthorized: ca !== undefined,
    };
    const sent = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject);
    sent.end();
  });

beforeEach(() => {
  logged.length = 0;
  // What was said in another test holds no more.
  now += 3_600_000;
});

afterAll(async () => {
  await server?.close();
  await client?.close();
});

describe('the metrics of an agent in a cluster', () => {
  test('are for the ServiceAccount of the scraper', async () => {
    const reply = await get(await tokenOf('nodeprep-scraper'));

    expect(reply.code).toBe(200);
    expect(reply.body).toContain('nodeprep_build_info{version="1.2.3"');
  });

  test('are not for callers without a token, with a wrong one, or with one of another audience', async () => {
    const good = await tokenOf('nodeprep-scraper');
    const forged = `${good.slice(0, -8)}AAAAAAAA`;
    const elsewhere = await tokenOf('nodeprep-scraper', 3600, ['https://vault.example.com']);

    for (const token of [undefined, 'wrong', forged, elsewhere, good.split('.', 2).join('.')]) {
      const reply = await get(token);
      expect(reply.code).toBe(401);
      expect(reply.body).not.toContain('nodeprep_');
    }
  });

  test('are not for a ServiceAccount without the right, not even the one of the agents', async () => {
    const reply = await get(await tokenOf('outsider'));

    expect(reply).toEqual({
      code: 403,
      body: '"system:serviceaccount:nodeprep-system:outsider" may not get /metrics: the ClusterRole "nodeprep-metrics-reader" grants that.\n',
    });
    expect((await get(await tokenOf('nodeprep-agent'))).code).toBe(403);
  });

  test('are for callers who are given the right, until their token ends, within the time of the cache', async () => {
    const { kubectl } = plane();
    await kubectl(['create', 'serviceaccount', 'late', '-n', NAMESPACE]);
    const token = await tokenOf('late');
    const before = await get(token);
    await kubectl([
      'create',
      'clusterrolebinding',
      'late',
      '--clusterrole=nodeprep-metrics-reader',
      `--serviceaccount=${NAMESPACE}:late`,
    ]);
    const cached = await get(token);
    now += 10_000;
    await expect
      .poll(async () => {
        now += 10_000;
        return (await get(token)).code;
      })
      .toBe(200);
    await kubectl(['delete', 'serviceaccount', 'late', '-n', NAMESPACE]);
    const still = await get(token);
    now += 600_000;

    expect([before.code, cached.code, still.code]).toEqual([403, 403, 200]);
    await expect
      .poll(async () => {
        now += 600_000;
        return (await get(token)).code;
      }, SERVER_CACHE)
      .toBe(401);
  });

  test('are given to nobody by an agent without the right to ask, and its log says so', async () => {
    const other = await serveAs(await tokenOf('outsider'));
    const reply = await get(await tokenOf('nodeprep-scraper'), '/metrics', other.server);
    await other.server.close();
    await other.client.close();

    expect(reply.code).toBe(503);
    expect(logged.join('\n')).toContain('the agent itself lacks the right to ask');
  });

  // On a new machine Prometheus is downloaded first.
  test('are scraped by Prometheus with its token over TLS', { timeout: 300_000 }, async (context) => {
    const programs = findPrograms();
    if (programs.skipped !== undefined) leaveOut(context, programs.skipped);
    const folder = mkdtempSync(join(tmpdir(), 'nodeprep-scrape-'));
    const job = (name: string, authorization: object) => ({
      job_name: name,
      scheme: 'https',
      tls_config: { insecure_skip_verify: true },
      static_configs: [{ targets: [`127.0.0.1:${server.port}`] }],
      ...authorization,
    });
    const prometheus = await startPrometheus(programs.prometheus, folder, {
      global: { scrape_interval: '1s' },
      scrape_configs: [
        job('nodeprep', { authorization: { credentials: await tokenOf('nodeprep-scraper') } }),
        job('outsider', { authorization: { credentials: await tokenOf('outsider') } }),
        job('nobody', {}),
      ],
    });
    const targets = async () => {
      const { activeTargets } = (await prometheus.get('/api/v1/targets')) as {
        activeTargets: { labels: { job: string }; health: string; lastError: string }[];
      };
      return Object.fromEntries(
        activeTargets.map(({ labels, health, lastError }) => [labels.job, `${health} ${lastError}`.trim()]),
      );
    };
    try {
      await expect.poll(targets, { timeout: 30_000 }).toEqual({
        nodeprep: 'up',
        outsider: 'down server returned HTTP status 403 Forbidden',
        nobody: 'down server returned HTTP status 401 Unauthorized',
      });
      await expect.poll(async () => (await prometheus.now('nodeprep_build_info')).length, { timeout: 30_000 }).toBe(1);
    } finally {
      await prometheus.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('are served by the command, with the certificate that it is given', { timeout: 60_000 }, async () => {
    const { authority, kubeconfigFor } = plane();
    const { cert, key } = await authority.forServer('worker-1');
    const certificates = temporaryDirectory();
    writeFileSync(join(certificates, 'tls.crt'), cert);
    writeFileSync(join(certificates, 'tls.key'), key);
    const kubeconfig = await kubeconfigFor('agent', { ca: authority.ca, token: await tokenOf('nodeprep-agent') });
    const port = await freePort();
    const args = [
      'run',
      '--root',
      copyOfHost('debian-12'),
      '--kube',
      '--kubeconfig',
      kubeconfig,
      '--node-name',
      'worker-1',
    ];
    startNodeprep([...args, '--metrics-bind-address', `:${port}`, '--metrics-cert-path', certificates]);
    const token = await tokenOf('nodeprep-scraper');
    const ask = (as?: string) => get(as, '/metrics', { port }, authority.ca);

    await vi.waitFor(async () => expect((await ask()).code).toBe(401), { timeout: 30_000, interval: 200 });

    const known = { code: 200, body: expect.stringContaining('nodeprep_kube_requests_total') };
    await expect.poll(() => ask(token)).toMatchObject(known);
    await expect(
      get(token, '/metrics', { port }, selfSigned({ names: ['localhost'], now: new Date(), days: 1 }).cert),
    ).rejects.toThrow('certificate');
  });

  // The last one: it takes the API server away.
  test('are for those who were let in before while the API server is away, for nobody else, and again when it is back', {
    timeout: 120_000,
  }, async () => {
    // Two of the same second and lifetime would be the same one.
    const [known, unknown] = [await tokenOf('nodeprep-scraper'), await tokenOf('nodeprep-scraper', 3601)];
    await get(known);
    await plane().stopServer('SIGKILL');
    const during = [await get(known), await get(unknown), await get(undefined), await get(undefined, '/healthz')];
    now += 600_000;
    const late = await get(known);
    await plane().startServer();

    expect(during.map(({ code }) => code)).toEqual([200, 503, 401, 200]);
    expect(late).toEqual({ code: 503, body: 'The API server cannot be asked who you are; see the log of nodeprep.\n' });
    await vi.waitFor(async () => expect((await get(unknown)).code).toBe(200), { timeout: 60_000, interval: 500 });
  });
});
