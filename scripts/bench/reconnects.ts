/**
 * Lets an agent reconnect thousands of times and measures its memory meanwhile. The server ends one
 * watch in twenty by breaking the connection off, one in three by closing it in order, and the others
 * by ending the answer; each says something first, one in ten a change.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBundle } from '../build/bundle.ts';
import { EXECUTABLE_FLAGS } from '../build/code-cache.ts';
import { NATIVE_NODE } from '../build/node-binary.ts';
import { run } from '../build/run.ts';
import { memoryFrom } from './process-memory.ts';

/** Memory of the agent after so many reconnects. */
export interface Sample {
  readonly reconnects: number;
  readonly rssMb: number;
  readonly anonymousMb: number;
  readonly openFiles: number;
}

/** Measures after each of the given numbers of reconnects, which rise. */
export async function measureReconnects(
  steps: readonly number[],
  onSample: (sample: Sample) => void,
): Promise<readonly Sample[]> {
  const folder = mkdtempSync(join(tmpdir(), 'nodeprep-reconnects-'));
  const bundle = join(folder, 'agent.cjs');
  await writeBundle('scripts/bench/reconnecting-agent.ts', bundle);
  const done = Promise.withResolvers<void>();
  const samples: Sample[] = [];
  let pid = 0;
  const server = await startServer(folder, (watches) => {
    // The first watch is no reconnect.
    const step = steps[samples.length];
    if (step === undefined || watches - 1 < step) return;
    samples.push(sampleOf(pid, step));
    onSample(samples.at(-1) as Sample);
    if (samples.length === steps.length) done.resolve();
  });
  const agent = spawn(NATIVE_NODE, [...EXECUTABLE_FLAGS, bundle, join(folder, 'kubeconfig')], {
    stdio: 'inherit',
    env: { ...process.env, MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '2' },
  });
  pid = agent.pid ?? 0;
  agent.once('exit', (code) => done.reject(new Error(`The agent ended with code ${code}`)));
  try {
    await done.promise;
    return samples;
  } finally {
    agent.removeAllListeners('exit');
    agent.kill('SIGKILL');
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startServer(folder: string, onWatch: (watches: number) => void): Promise<Http2SecureServer> {
  const [certFile, keyFile] = [join(folder, 'server.crt'), join(folder, 'server.key')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=api', '-addext', 'subjectAltName=IP:127.0.0.1'];
  run('openssl', ['req', '-x509', ...curve, '-days', '2', ...names, '-keyout', keyFile, '-out', certFile]);
  const cert = readFileSync(certFile);
  const server = createSecureServer({ cert, key: readFileSync(keyFile) });
  let watches = 0;
  server.on('request', (request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    if (!request.url.includes('watch=true')) {
      response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: [objectOf(1)] }));
      return;
    }
    watches += 1;
    onWatch(watches);
    endWatch(watches, response);
  });
  for (const event of ['sessionError', 'error', 'tlsClientError'] as const) server.on(event, () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [
      {
        name: 'c',
        cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': cert.toString('base64') },
      },
    ],
    users: [{ name: 'u', user: { token: 't' } }],
  };
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config));
  return server;
}

function endWatch(watches: number, response: Http2ServerResponse): void {
  const type = watches % 10 === 0 ? 'MODIFIED' : 'BOOKMARK';
  const { session } = response.stream;
  response.write(`${JSON.stringify({ type, object: objectOf(watches + 1) })}\n`, () => {
    if (watches % 20 === 0) {
      session?.destroy();
      return;
    }
    response.end();
    if (watches % 3 === 0) session?.close();
  });
}

/** About as large as a NodePrep with its status. */
function objectOf(version: number): object {
  const entries = Array.from({ length: 40 }, (_, index) => ({
    name: `net.example.key_${index}`,
    value: String(version),
  }));
  return { metadata: { name: 'worker-1', uid: 'u', resourceVersion: String(version) }, spec: { sysctls: entries } };
}

function sampleOf(pid: number, reconnects: number): Sample {
  const { rss, anonymous } = memoryFrom(readFileSync(`/proc/${pid}/status`, 'utf8'));
  const openFiles = Number(run('sh', ['-c', `ls /proc/${pid}/fd | wc -l`]).trim());
  return { reconnects, rssMb: rss, anonymousMb: anonymous, openFiles };
}
