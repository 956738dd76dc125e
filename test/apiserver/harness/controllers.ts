/** What turns a control plane into a cluster beside its nodes: controllers and a scheduler. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Assets } from './assets.ts';
import type { ControlPlane } from './control-plane.ts';
import { type ServerProcess, startProcess } from './server-process.ts';

/** The controllers of one control plane. */
export interface Controllers {
  /** The last lines of every process, for the report of a test that failed. */
  readonly logs: () => string;
  readonly stop: () => Promise<void>;
}

/** Why there can be no cluster around such programs, `undefined` when there can. */
export function clusterObstacle(assets: Assets | undefined): string | undefined {
  return assets?.controllers === undefined
    ? 'it needs kube-controller-manager, kube-scheduler and kubelet beside the API server, which envtest does not have'
    : undefined;
}

/** Starts controllers and scheduler; throws where `clusterObstacle` names one. */
export async function startControllers(plane: ControlPlane): Promise<Controllers> {
  const programs = plane.assets.controllers;
  if (programs === undefined) throw new Error(`There is no cluster here: ${clusterObstacle(plane.assets)}`);
  const services: { readonly name: string; readonly start: () => ServerProcess; process: ServerProcess }[] = [];
  const kubeconfigOf = async (user: string) => {
    const { cert, key } = await plane.authority.forUser(user);
    return plane.kubeconfigFor(user.replaceAll(':', '-'), { ca: plane.authority.ca, cert, key });
  };
  const start = (name: string, program: string, args: readonly string[]) => {
    const run = () => startProcess(join(programs, program), args, join(plane.folder, `${name}.log`));
    services.push({ name, start: run, process: run() });
  };
  // As their units would be: they end themselves when they have lost the API server for long.
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
    logs: () =>
      services
        .map(({ name, process }) => `== ${name}${process.isRunning() ? '' : ', which has ended'}\n${process.log(15)}\n`)
        .join(''),
    stop: async () => {
      clearInterval(revival);
      for (const { process } of services.toReversed()) await process.stop();
    },
  };
}
