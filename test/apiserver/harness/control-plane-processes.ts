/**
 * The processes of a control plane: etcd and an API server on free ports of the loopback address, with certificates,
 * a kubeconfig and kubectl. Knows nothing of tests, so that benchmarks start one too.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Assets, Flavor } from './assets.ts';
import { type Authority, authorityIn, type Certificate, signingKeysIn } from './certificates.ts';
import { type Kubectl, kubectlWith } from './kubectl.ts';
import { type Identity, type Send, sender } from './request.ts';
import { freePorts, type ServerProcess, startProcess } from './server-process.ts';

/** What can be chosen about a control plane. */
export interface ControlPlaneOptions {
  readonly flavor: Flavor;
  /** More arguments of the API server. */
  readonly serverArgs?: readonly string[];
  /** For real kubelets: pods get tokens, which takes controllers, and the API server reaches the kubelets. */
  readonly kubelets?: boolean;
}

/** A running control plane. */
export interface ControlPlane {
  readonly flavor: Flavor;
  /** Minor version of the server: 20 for Kubernetes 1.20. */
  readonly minor: number;
  readonly url: string;
  readonly port: number;
  /** Folder of its data, logs and certificates; gone after `stop`. */
  readonly folder: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly kubectl: Kubectl;
  /** Requests as administrator. */
  readonly send: Send;
  readonly authority: Authority;
  readonly admin: Certificate;
  readonly assets: Assets;
  /** The process of the API server, another one after `startServer`. */
  readonly server: () => ServerProcess;
  /** Writes a kubeconfig for another identity and returns its path; `url` may be that of a proxy. */
  readonly kubeconfigFor: (name: string, identity: Identity, url?: string) => Promise<string>;
  /** Ends the API server; etcd, its data and the port stay. `SIGKILL` ends it without warning. */
  readonly stopServer: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>;
  /** Starts the API server again on the same port and waits until it is ready. */
  readonly startServer: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const READY_MS = 90_000;

/** Starts a control plane of these programs; rejects with the end of its logs when it does not become ready. */
export async function startPrograms(assets: Assets, options: ControlPlaneOptions): Promise<ControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), `nodeprep-${options.flavor}-`));
  const authority = await authorityIn(join(folder, 'pki'));
  const serving = await authority.forServer('kube-apiserver');
  const admin = await authority.forUser('admin', ['system:masters']);
  const keys = await signingKeysIn(join(folder, 'pki'));
  const [port = 0, clientPort = 0, peerPort = 0] = await freePorts(3);
  const url = `https://127.0.0.1:${port}`;
  const identity = { ca: authority.ca, cert: admin.cert, key: admin.key };
  const { send, close } = sender(url, identity);

  const etcdUrl = `http://127.0.0.1:${clientPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const etcd = startProcess(
    assets.etcd,
    [
      ...['--name=test', `--data-dir=${join(folder, 'etcd')}`, `--initial-cluster=test=${peerUrl}`],
      ...[`--listen-client-urls=${etcdUrl}`, `--advertise-client-urls=${etcdUrl}`],
      ...[`--listen-peer-urls=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`],
    ],
    join(folder, 'etcd.log'),
  );
  const serverArgs = assets.isKubeApiserver
    ? [
        ...[`--etcd-servers=${etcdUrl}`, '--bind-address=127.0.0.1', `--secure-port=${port}`],
        ...['--advertise-address=127.0.0.1', '--endpoint-reconciler-type=none', `--cert-dir=${join(folder, 'certs')}`],
        ...[`--tls-cert-file=${serving.certFile}`, `--tls-private-key-file=${serving.keyFile}`],
        ...[`--client-ca-file=${authority.caFile}`, '--authorization-mode=Node,RBAC'],
        ...['--service-account-issuer=https://kubernetes.default.svc', `--service-account-key-file=${keys.publicKey}`],
        ...[`--service-account-signing-key-file=${keys.privateKey}`, '--service-cluster-ip-range=10.0.0.0/24'],
        ...['--allow-privileged=true', ...(await podArguments(options.kubelets === true, authority))],
      ]
    : [
        ...[`-etcd=${etcdUrl}`, `-port=${port}`, `-client-ca=${authority.caFile}`],
        ...[`-cert=${serving.certFile}`, `-key=${serving.keyFile}`],
      ];
  const serverLog = join(folder, 'apiserver.log');
  const startServer = () => startProcess(assets.server, [...serverArgs, ...(options.serverArgs ?? [])], serverLog);
  let server = startServer();
  const stop = async () => {
    close();
    await server.stop();
    await etcd.stop();
    await rm(folder, { recursive: true, force: true });
  };
  // A kube-apiserver makes this namespace itself, a moment after it calls itself ready.
  const signs = assets.isKubeApiserver ? ['/readyz', '/api/v1/namespaces/default'] : ['/readyz'];
  const ready = async () => {
    const until = Date.now() + READY_MS;
    while (Date.now() < until && server.isRunning() && etcd.isRunning()) {
      const answers = await Promise.all(signs.map((path) => send('GET', path).catch(() => undefined)));
      if (answers.every((answer) => answer?.code === 200)) return;
      await pause(100);
    }
    const logs = `API server:\n${server.log()}\netcd:\n${etcd.log(10)}`;
    throw new Error(`The control plane "${options.flavor}" did not become ready.\n${logs}`);
  };
  try {
    await ready();
    const home = join(folder, 'home');
    await mkdir(home);
    const kubeconfigFor: ControlPlane['kubeconfigFor'] = async (name, who, at = url) => {
      const path = join(folder, `${name}.kubeconfig`);
      await writeFile(path, renderKubeconfig(name, who, at), { mode: 0o600 });
      return path;
    };
    const kubeconfig = await kubeconfigFor('admin', identity);
    const version = (await send('GET', '/version')).body as { readonly minor: string };
    return {
      flavor: options.flavor,
      minor: Number.parseInt(version.minor, 10),
      ...{ url, port, folder, kubeconfig, send, authority, admin, assets, kubeconfigFor, stop },
      kubectl: kubectlWith(assets.kubectl, kubeconfig, home),
      server: () => server,
      stopServer: (signal) => server.stop(signal),
      startServer: async () => {
        if (!server.isRunning()) server = startServer();
        await ready();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function podArguments(kubelets: boolean, authority: Authority): Promise<readonly string[]> {
  // Without controllers nobody makes the service accounts that this plug-in wants for every pod.
  if (!kubelets) return ['--disable-admission-plugins=ServiceAccount'];
  const { certFile, keyFile } = await authority.forUser('kube-apiserver', ['system:masters']);
  return [
    '--feature-gates=BoundServiceAccountTokenVolume=true',
    ...[`--kubelet-client-certificate=${certFile}`, `--kubelet-client-key=${keyFile}`],
    '--kubelet-preferred-address-types=InternalIP',
  ];
}

/** Kubeconfigs are YAML, and JSON is YAML. */
function renderKubeconfig(name: string, { ca, cert, key, token }: Identity, server: string): string {
  const data = (pem: string) => Buffer.from(pem).toString('base64');
  const user = {
    ...(cert === undefined ? {} : { 'client-certificate-data': data(cert) }),
    ...(key === undefined ? {} : { 'client-key-data': data(key) }),
    ...(token === undefined ? {} : { token }),
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': data(ca) } }],
    users: [{ name, user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms);
  });
}
