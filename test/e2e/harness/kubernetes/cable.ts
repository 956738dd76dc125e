/**
 * The network between a native node and this machine: one cable with addresses of its own. Its end in the node is there
 * from early in each boot, as a network card is; the other end is pulled out to this machine when the node is up.
 */
import { execFileSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { startTcpFaultProxy, type TcpFaultProxy } from '../../../support/tcp-fault-proxy.ts';
import type { NativeNode } from '../native/node.ts';

/** The address of the API server inside every cluster here: the Service `kubernetes`. */
export const SERVICE_ADDRESS = '10.0.0.1';
const FORWARD_PORT = 6443;

/** One end of a cable each. */
export interface Cable {
  /** The address of the node. */
  readonly address: string;
  /** Between the node and the API server: breaks what goes through it, when that is wanted. */
  readonly apiServer: TcpFaultProxy;
  /** Connects this machine again, after a boot. */
  readonly plug: () => Promise<void>;
  readonly unplug: () => Promise<void>;
}

/** Lays the cable to a node that is on, with the API server on `port` of this machine at its end. */
export async function layCable(node: NativeNode, port: number): Promise<Cable> {
  const net = freeNet();
  const [ours, theirs] = [`${net}.1`, `${net}.2`];
  const name = `np${process.pid}-${net.split('.')[2]}`;
  await node.put(
    '/usr/local/sbin/cable',
    `#!/bin/bash -e
ip link add eth0 type veth peer name outside
ip address add ${theirs}/24 dev eth0
ip link set eth0 up
ip route add default via ${ours}
# The Service of the API server, which a kube-proxy would make.
iptables -w -t nat -A OUTPUT -d ${SERVICE_ADDRESS} -p tcp --dport 443 -j DNAT --to ${ours}:${FORWARD_PORT}
`,
  );
  await node.put(
    '/etc/systemd/system/cable.service',
    `[Unit]
Description=The network card of this node
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target network.target
After=e2e-boot.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash /usr/local/sbin/cable
[Install]
WantedBy=sysinit.target
`,
  );
  await node.run('systemctl daemon-reload; systemctl -q enable --now cable');
  const plug = async () => {
    // What is left of the last boot ends with the network of that boot, a moment later.
    execFileSync('sh', ['-c', `ip link delete ${name} 2>/dev/null || true`]);
    const enter = ['--target', String(node.leader()), '--net', 'ip', 'link', 'set', 'outside'];
    execFileSync('nsenter', [...enter, 'netns', String(process.pid), 'name', name]);
    execFileSync('ip', ['address', 'add', `${ours}/24`, 'dev', name]);
    execFileSync('ip', ['link', 'set', name, 'up']);
  };
  await plug();
  const apiServer = await startTcpFaultProxy(port, { host: ours, port: FORWARD_PORT });
  return {
    address: theirs,
    apiServer,
    plug,
    unplug: async () => {
      await apiServer.close();
      execFileSync('sh', ['-c', `ip link delete ${name} 2>/dev/null || true`]);
    },
  };
}

/** The first three parts of a network that no interface of this machine has. */
function freeNet(): string {
  const taken = new Set(
    Object.values(networkInterfaces())
      .flat()
      .map((one) => one?.address.split('.').slice(0, 3).join('.')),
  );
  for (;;) {
    const net = `10.99.${1 + Math.floor(Math.random() * 250)}`;
    if (!taken.has(net)) return net;
  }
}
