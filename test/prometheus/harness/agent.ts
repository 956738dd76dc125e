/** The agent as a process of its own, on a private copy of a captured host. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';

const HOSTS = join(import.meta.dirname, '../../support/hosts');
const SPEC = `apiVersion: nodeprep.dev/v1alpha1
kind: NodePrep
spec:
  profile: kubeadm-worker
  sysctls:
    - {name: net.ipv4.ip_forward, value: 1}
`;

/** A running agent. */
export interface Agent {
  /** For whatever a test keeps; gone after `stop`. */
  readonly folder: string;
  /** The directory that stands for its host. */
  readonly root: string;
  readonly specFile: string;
  readonly port: number;
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

/** A cluster whose API server nobody has started. */
const AWAY = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'away',
  clusters: [{ name: 'away', cluster: { server: 'https://127.0.0.1:1' } }],
  users: [{ name: 'away', user: { token: 'token' } }],
  contexts: [{ name: 'away', context: { cluster: 'away', user: 'away' } }],
};

/** Starts `nodeprep run` on a copy of a captured host; its metrics are on the port. */
export function agentOn(host: string, port: number, options: { readonly inCluster?: boolean } = {}): Agent {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'nodeprep-prometheus-'));
  const root = join(folder, 'root');
  cpSync(join(HOSTS, host, 'root'), root, { recursive: true, verbatimSymlinks: true });
  const specFile = join(root, 'etc/nodeprep/nodeprep.yaml');
  mkdirSync(join(root, 'etc/nodeprep'), { recursive: true });
  writeFileSync(specFile, SPEC);
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(AWAY));
  const cluster = options.inCluster === true ? ['--kube', '--kubeconfig', kubeconfig, '--node-name', host] : [];
  const child = spawn(
    process.execPath,
    [inject('program'), 'run', '--root', root, '--metrics-port', String(port), ...cluster],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    ...{ folder, root, specFile, port },
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
