/** A Prometheus of a test's own, asked over its HTTP interface. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { vi } from 'vitest';

/** One series of an answer: its labels and its values that are numbers. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

/** A running Prometheus. */
export interface PrometheusServer {
  readonly url: string;
  /** The newest value of each series. Throws when the query is refused. */
  readonly now: (query: string) => Promise<readonly Series[]>;
  /** The values since a Unix time, a second apart. */
  readonly since: (start: number, query: string) => Promise<readonly Series[]>;
  /** The `data` of any answer of the interface. */
  readonly get: (path: string) => Promise<unknown>;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

/** Starts Prometheus with a configuration (JSON is YAML) and its data in `folder`; resolves when it answers. */
export async function startPrometheus(program: string, folder: string, config: unknown): Promise<PrometheusServer> {
  mkdirSync(folder, { recursive: true });
  const configFile = join(folder, 'prometheus.yml');
  writeFileSync(configFile, JSON.stringify(config));
  const port = await freePort();
  const child: ChildProcess = spawn(
    program,
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (log += text));
  const url = `http://127.0.0.1:${port}`;
  const get = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${url}${path}`);
    const body = (await answer.json()) as { readonly status: string; readonly data: unknown; readonly error?: string };
    if (body.status !== 'success') throw new Error(`${path}: ${body.error ?? answer.statusText}`);
    return body.data;
  };
  const ask = async (path: string): Promise<readonly Series[]> => {
    const { result } = (await get(path)) as { readonly result: readonly Result[] };
    return result.map(({ metric, value, values }) => ({
      metric,
      values: (values ?? (value === undefined ? [] : [value])).map(([, text]) => Number(text)).filter(Number.isFinite),
    }));
  };
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.kill('SIGTERM')) await ended;
  };
  const answers = async () => {
    if (child.exitCode !== null) return;
    const { status } = await fetch(`${url}/-/ready`);
    if (status !== 200) throw new Error(`not ready: ${status}`);
  };
  try {
    await vi.waitFor(answers, { timeout: 30_000, interval: 100 });
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
  } catch (error) {
    await stop();
    throw new Error(`Prometheus did not start:\n${log}`, { cause: error });
  }
  return {
    url,
    get,
    now: (query) => ask(`/api/v1/query?query=${encodeURIComponent(query)}`),
    since: (start, query) =>
      ask(`/api/v1/query_range?query=${encodeURIComponent(query)}&start=${start}&end=${Date.now() / 1000}&step=1`),
    log: () => log,
    stop,
  };
}

/** A port of the loopback address that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}
