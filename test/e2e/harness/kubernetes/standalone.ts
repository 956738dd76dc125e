/** A kubelet without a cluster: it runs the pods of a folder, and all that it does to the node is real. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { clusterObstacle } from '../../../apiserver/harness/controllers.ts';
import type { CgroupDriver } from '../../../../src/api/parts/cgroup.ts';
import { newFolder } from '../cache.ts';
import type { NativeNode } from '../native/node.ts';
import { ensureTree } from '../native/tree.ts';
import { containerdConfig, RUNC, RUNC_HERE } from './containerd-config.ts';
import { IDLE_IMAGE, writeIdleImage } from './idle-image.ts';

/** The identity of the one pod, as its control groups have it in their names. */
export const POD_UID = '5e1f7a3c9b2d4e6f8a0b1c2d3e4f5a6b';

const KUBELET = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  staticPodPath: '/etc/kubernetes/manifests',
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  // Disk and memory are those of the machine below, and it may be short of them.
  evictionHard: {
    'nodefs.available': '1%',
    'imagefs.available': '1%',
    'nodefs.inodesFree': '1%',
    'memory.available': '50Mi',
  },
};

const UNIT = `[Unit]
Description=kubelet
Wants=containerd.service
After=containerd.service
StartLimitIntervalSec=0
[Service]
ExecStartPre=-/bin/mknod /dev/kmsg c 1 11
ExecStart=/usr/local/bin/kubelet --config=/var/lib/kubelet/config.yaml --container-runtime=remote \\
  --container-runtime-endpoint=unix:///run/containerd/containerd.sock
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
`;

/** A pod on the network of the node, with a limit that its control group shows. */
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'limited', namespace: 'default', uid: POD_UID },
  spec: {
    hostNetwork: true,
    containers: [
      {
        name: 'idle',
        image: IDLE_IMAGE,
        imagePullPolicy: 'Never',
        resources: { limits: { memory: '50Mi' }, requests: { memory: '10Mi' } },
      },
    ],
  },
};

/** Why there is no kubelet to run, `undefined` when there is one. */
export function kubeletObstacle(): string | undefined {
  const { assets, skipped } = inject('controlPlane');
  return skipped ?? clusterObstacle(assets.full);
}

/** Starts a containerd with one driver and a kubelet with another, with a pod to run. */
export async function startKubelet(
  node: NativeNode,
  drivers: { readonly containerd: CgroupDriver; readonly kubelet: CgroupDriver },
): Promise<void> {
  await startContainerd(node, containerdConfig(drivers.containerd));
  await node.put(
    '/var/lib/kubelet/config.yaml',
    JSON.stringify({ ...KUBELET, cgroupDriver: drivers.kubelet }, undefined, 1),
  );
  await node.put('/etc/kubernetes/manifests/limited.json', JSON.stringify(POD));
  await node.put('/etc/systemd/system/kubelet.service', UNIT);
  copyPrograms(node, 'kubelet');
  await node.run(
    'systemctl daemon-reload; systemctl stop kubelet; systemctl -q enable kubelet; systemctl --no-block start kubelet',
  );
}

/** Puts programs of Kubernetes into a node, such as "kubeadm". */
export function copyPrograms(node: NativeNode, ...names: readonly string[]): void {
  for (const name of names) node.copy(join(programs(), name), '/usr/local/bin');
}

/** Starts the real containerd, with that main file and the image of the pod. */
export async function startContainerd(node: NativeNode, config: string): Promise<void> {
  await node.put('/etc/containerd/config.toml', config);
  await node.put(RUNC_HERE, RUNC);
  const folder = newFolder('cluster');
  try {
    node.copy(writeIdleImage(folder, await ensureTree('bookworm')), '/var/tmp/images');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  // The stand-in of containerd gives way to the real one.
  await node.run(
    `chmod 755 ${RUNC_HERE}; rm -f /etc/systemd/system/containerd.service
    systemctl daemon-reload; systemctl -q enable containerd; systemctl restart containerd
    ctr -n k8s.io image import /var/tmp/images/idle.tar; rm -r /var/tmp/images`,
    { timeoutMs: 180_000 },
  );
}

/** The folder with the kubelet and kubeadm. */
function programs(): string {
  const folder = inject('controlPlane').assets.full?.controllers;
  if (folder === undefined) throw new Error('There is no kubelet here.');
  return folder;
}
