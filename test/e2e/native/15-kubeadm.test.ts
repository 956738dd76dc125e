/** A real kubeadm before and after `nodeprep bootstrap`: its errors that are about the host are gone. */
import { expect } from 'vitest';
import { containerdConfig } from '../harness/kubernetes/containerd-config.ts';
import { copyPrograms, kubeletObstacle, startContainerd } from '../harness/kubernetes/standalone.ts';
import type { Machine } from '../harness/machine.ts';
import { note } from '../harness/note.ts';
import { CURRENT, nodeScenario } from '../harness/scenario.ts';

/** Its checks and nothing else; images are for a registry, which is not here. */
const PREFLIGHT = `kubeadm init phase preflight --config /root/kubeadm.yaml --ignore-preflight-errors=ImagePull 2>&1`;
const CONFIG = `apiVersion: kubeadm.k8s.io/v1beta2
kind: InitConfiguration
nodeRegistration:
  criSocket: /run/containerd/containerd.sock
localAPIEndpoint: {advertiseAddress: 10.77.0.2}
---
apiVersion: kubeadm.k8s.io/v1beta2
kind: ClusterConfiguration
kubernetesVersion: v1.20.2
`;

nodeScenario(
  'kubeadm refuses a fresh host for what nodeprep bootstrap sets, and then no more',
  10,
  async (nodes) => {
    const node = await nodes.pristine();
    await startContainerd(node, containerdConfig('systemd'));
    copyPrograms(node, 'kubeadm', 'kubelet');
    await node.put('/root/kubeadm.yaml', CONFIG);
    await node.run(`ip link add eth0 type veth peer name outside; ip link set outside up; ip address add 10.77.0.2/24 dev eth0; ip link set eth0 up
      ip route add default via 10.77.0.1`);
    // The stand-in of the kubelet is no kubelet that runs. A new network namespace bridges to iptables, a new host does not.
    await node.run('systemctl stop kubelet; sysctl -qw net.bridge.bridge-nf-call-iptables=0');

    const before = await preflight(node);
    const bootstrap = await node.exec(`${CURRENT} bootstrap`);
    const after = await preflight(node);

    const ofHost = before.errors.filter((name) => name.startsWith('FileContent') || name === 'Swap');
    expect(ofHost).toEqual([
      'FileContent--proc-sys-net-bridge-bridge-nf-call-iptables',
      'FileContent--proc-sys-net-ipv4-ip_forward',
    ]);
    expect(bootstrap.exitCode).toBe(0);
    expect(after.errors).toEqual(before.errors.filter((name) => !ofHost.includes(name)));
    note(before.output.replaceAll('\n', ' | '));
    note(after.output.replaceAll('\n', ' | '));
    note(`kubeadm's errors before: ${before.errors.join(', ')}; after: ${after.errors.join(', ')}`);
  },
  kubeletObstacle(),
);

/** Names of the errors that kubeadm has. */
async function preflight(node: Machine) {
  const { output } = await node.exec(PREFLIGHT);
  return { output, errors: [...output.matchAll(/\[ERROR ([\w-]+)\]/g)].map(([, name = '']) => name).toSorted() };
}
