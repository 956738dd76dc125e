/**
 * What turns a control plane into a cluster: controllers, a scheduler, and hollow nodes, whose kubelets are real but
 * for the containers, which they only pretend to run.
 */
import { access, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';
import { freePorts, type ServerProcess, startProcess } from './server-process.ts';

/** The controllers and nodes of one control plane. */
export interface Cluster {
  /** Starts the kubelet of a hollow node, which registers itself with these taints ("key=value:Effect") and labels. */
  readonly addNode: (name: string, options?: { readonly taints?: string; readonly labels?: string }) => Promise<void>;
  /** The last lines of every process, for the report of a test that failed. */
  readonly logs: () => string;
  readonly stop: () => Promise<void>;
}

/** Why there can be no cluster around the control plane, `undefined` when there can. */
export function clusterObstacle({ assets }: ControlPlane): string | undefined {
  return assets.controllers === undefined
    ? 'needs kube-controller-manager, kube-scheduler and kubemark beside the API server, which envtest does not have'
    : undefined;
}

/** Starts controllers and scheduler; throws where `clusterObstacle` names one. */
export async function startCluster(plane: ControlPlane): Promise<Cluster> {
  const programs = plane.assets.controllers;
  if (programs === undefined) throw new Error(`There is no cluster here: it ${clusterObstacle(plane)}`);
  const before = await hollowFolders();
  const services: { readonly name: string; readonly start: () => ServerProcess; process: ServerProcess }[] = [];
  const kubeconfigOf = async (user: string, groups: readonly string[] = []) => {
    const { cert, key } = await plane.authority.forUser(user, groups);
    return plane.kubeconfigFor(user.replaceAll(':', '-'), { ca: plane.authority.ca, cert, key });
  };
  const start = (name: string, program: string, args: readonly string[]) => {
    const run = () => startProcess(join(programs, program), args, join(plane.folder, `${name}.log`));
    services.push({ name, start: run, process: run() });
  };
  // As their units would be: a kubelet, say, ends itself when it finds its port in use.
  const revival = setInterval(() => {
    for (const service of services) if (!service.process.isRunning()) service.process = service.start();
  }, 1000).unref();
  const served = (kubeconfig: string) => [
    ...[`--kubeconfig=${kubeconfig}`, `--authentication-kubeconfig=${kubeconfig}`],
    ...[`--authorization-kubeconfig=${kubeconfig}`, '--leader-elect=false', '--port=0', '--secure-port=0'],
  ];

  const pki = join(plane.folder, 'pki');
  await access(join(pki, 'sa.key'));
  start('controllers', 'kube-controller-manager', [
    ...served(await kubeconfigOf('system:kube-controller-manager')),
    ...['--use-service-account-credentials=true', `--service-account-private-key-file=${join(pki, 'sa.key')}`],
    ...[`--root-ca-file=${plane.authority.caFile}`, `--flex-volume-plugin-dir=${join(plane.folder, 'flex')}`],
  ]);
  start('scheduler', 'kube-scheduler', served(await kubeconfigOf('system:kube-scheduler')));

  return {
    addNode: async (name, { taints, labels } = {}) => {
      const kubeconfig = await kubeconfigOf(`system:node:${name}`, ['system:nodes']);
      const [port = 0, readOnlyPort = 0] = await freePorts(2);
      start(name, 'kubemark', [
        ...['--morph=kubelet', `--name=${name}`, `--kubeconfig=${kubeconfig}`, `--kubelet-port=${port}`],
        ...[`--kubelet-read-only-port=${readOnlyPort}`, '--containerd=', '--docker=unix:///nonexistent'],
        ...(taints === undefined ? [] : [`--register-with-taints=${taints}`]),
        ...(labels === undefined ? [] : [`--node-labels=${labels}`]),
      ]);
    },
    logs: () =>
      services
        .map(({ name, process }) => `== ${name}${process.isRunning() ? '' : ', which has ended'}\n${process.log(15)}\n`)
        .join(''),
    stop: async () => {
      clearInterval(revival);
      for (const { process } of services.toReversed()) await process.stop();
      const left = (await hollowFolders()).filter((path) => !before.includes(path));
      for (const path of left) await rm(path, { recursive: true, force: true });
    },
  };
}

/** Hollow kubelets keep their state in folders that they never remove. */
async function hollowFolders(): Promise<readonly string[]> {
  const names = await readdir(tmpdir());
  return names.filter((name) => name.startsWith('hollow-kubelet.')).map((name) => join(tmpdir(), name));
}
