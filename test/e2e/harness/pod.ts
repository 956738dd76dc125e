/**
 * The agent in a machine without a cluster, as its DaemonSet runs it: the root tree of the image from the second disk,
 * the container's configuration from the manifest, and runc. What a kubelet and containerd do, for what only a kernel of
 * its own can show.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentBundle } from '../../support/oci/agent-pod.ts';
import { type Machine, TOOLS } from './machine.ts';

const DEFAULT_SPEC = join(import.meta.dirname, '../../../manifests/agent/default-spec.yaml');
const FOLDER = '/run/pod';
/** Long enough for the start of an executable of 118 MB from an emulated disk. */
const START_MS = 120_000;

/** The pod of one machine. */
export interface Pod {
  /** What it has said since it was started. */
  readonly log: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Starts the container with the arguments of the DaemonSet, except what needs an API server. */
export async function startPod(machine: Machine, node: string): Promise<Pod> {
  const bundle = agentBundle({
    rootfs: `${FOLDER}/rootfs`,
    nodeName: node,
    args: ['run', '--metrics-port=0'],
    volumes: { 'default-spec': `${FOLDER}/default-spec` },
    cgroupsPath: '/kubepods/agent',
  });
  await machine.put(`${FOLDER}/config.json`, JSON.stringify(bundle));
  await machine.put(`${FOLDER}/default-spec/nodeprep.yaml`, readFileSync(DEFAULT_SPEC, 'utf8'));
  // A layer that takes the mount points which the image does not have, as containerd's snapshots do.
  await machine.run(`cd ${FOLDER} && mkdir upper work rootfs && modprobe overlay &&
    mount -t overlay -o lowerdir=${TOOLS}/image,upperdir=upper,workdir=work overlay rootfs`);
  await machine.run(
    `cd ${FOLDER} && { runc run --detach --pid-file pid agent >log 2>&1 </dev/null || { cat log; false; }; }`,
    { timeoutMs: START_MS },
  );
  return {
    log: () => machine.run(`cat ${FOLDER}/log`),
    stop: async () => {
      await machine.run('runc kill agent TERM; runc delete --force agent');
    },
  };
}
