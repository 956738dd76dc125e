/** Makes a native node a node of a cluster: containerd, a network for pods, a kubelet, and credentials for it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from '../../../apiserver/harness/control-plane.ts';
import type { NativeNode } from '../native/node.ts';
import { type Cable, layCable, SERVICE_ADDRESS } from './cable.ts';
import { containerdConfig, RUNC, RUNC_HERE } from './containerd-config.ts';

/** How a kubelet registers its node. */
export interface Registration {
  readonly name: string;
  /** "key=value:Effect", separated by commas. */
  readonly taints?: string;
}

/** The network of pods: a bridge of the node, as the simplest plug-ins make it. */
const NETWORK = {
  ...{ cniVersion: '0.4.0', name: 'pods', type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: true },
  ipam: { type: 'host-local', ranges: [[{ subnet: '10.244.1.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] },
};

const KUBELET = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  cgroupDriver: 'systemd',
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: '/var/lib/kubelet/ca.crt' },
  },
  authorization: { mode: 'AlwaysAllow' },
  // Disk and memory are those of the machine below, and it may be short of them.
  evictionHard: {
    'nodefs.available': '1%',
    'imagefs.available': '1%',
    'nodefs.inodesFree': '1%',
    'memory.available': '50Mi',
  },
};

const unit = ({ name, taints }: Registration, address: string) => `[Unit]
Description=kubelet
Wants=containerd.service
After=containerd.service cable.service
StartLimitIntervalSec=0
[Service]
ExecStartPre=-/bin/mknod /dev/kmsg c 1 11
ExecStart=/usr/local/bin/kubelet --config=/var/lib/kubelet/config.json --kubeconfig=/var/lib/kubelet/kubeconfig \\
  --container-runtime=remote --container-runtime-endpoint=unix:///run/containerd/containerd.sock \\
  --cni-bin-dir=/usr/lib/cni --node-ip=${address} --hostname-override=${name}${taints === undefined ? '' : ` --register-with-taints=${taints}`}
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
`;

/** Joins a node that is on; resolves when its kubelet has been started, which is before the API server knows it. */
export async function joinCluster(
  node: NativeNode,
  plane: ControlPlane,
  registration: Registration,
  archives: readonly string[],
): Promise<Cable> {
  const { controllers } = plane.assets;
  if (controllers === undefined) throw new Error('There is no kubelet here.');
  const cable = await layCable(node, plane.port);
  const { name } = registration;
  const { cert, key } = await plane.authority.forUser(`system:node:${name}`, ['system:nodes']);
  const identity = { ca: plane.authority.ca, cert, key };
  const kubeconfig = await plane.kubeconfigFor(`kubelet-${name}`, identity, `https://${SERVICE_ADDRESS}`);
  await node.put('/var/lib/kubelet/kubeconfig', readFileSync(kubeconfig, 'utf8'));
  await node.put('/var/lib/kubelet/ca.crt', plane.authority.ca);
  await node.put('/var/lib/kubelet/config.json', JSON.stringify(KUBELET));
  await node.put('/etc/cni/net.d/10-pods.conf', JSON.stringify(NETWORK));
  await node.put('/etc/containerd/config.toml', containerdConfig('systemd'));
  await node.put(RUNC_HERE, RUNC);
  await node.put('/etc/systemd/system/kubelet.service', unit(registration, cable.address));
  for (const archive of archives) node.copy(archive, '/var/tmp/images');
  node.copy(join(controllers, 'kubelet'), '/usr/local/bin');
  // The stand-in of containerd gives way to the real one.
  await node.run(
    `chmod 755 ${RUNC_HERE}; rm -f /etc/systemd/system/containerd.service
    [ -e /dev/kmsg ] || mknod /dev/kmsg c 1 11
    systemctl daemon-reload; systemctl stop kubelet; systemctl -q enable containerd kubelet; systemctl restart containerd
    for archive in /var/tmp/images/*; do ctr -n k8s.io image import "$archive"; done; rm -r /var/tmp/images
    systemctl --no-block start kubelet`,
    { timeoutMs: 180_000 },
  );
  return cable;
}
