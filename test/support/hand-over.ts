/** A host on which the unit and the pod take turns. */
import { sysctlSpec } from './kernel-world.ts';
import { type PodWorld, podWorld } from './pod-world.ts';

/** On a busy machine a start alone takes many seconds; only what is promised is measured. */
export const WAIT = { timeout: 60_000, interval: 20 };
const KEY = 'net.ipv4.tcp_retries2';
/** The value in the kernel. */
export const live = (world: PodWorld) => world.sh('cat /proc/sys/net/ipv4/tcp_retries2');

/** The unit declares 7, the pod 8: who wrote last is seen in the kernel. */
export async function world(): Promise<PodWorld> {
  const made = await podWorld();
  made.sh(`mkdir -p /etc/nodeprep
    echo '${sysctlSpec({ [KEY]: '7' })}' > /etc/nodeprep/nodeprep.yaml
    echo '${sysctlSpec({ [KEY]: '8' })}' > /etc/pod.yaml`);
  return made;
}

/** Starts the daemon of the host. */
export const unit = (made: PodWorld, ...args: string[]) => made.startOnHost(['run', '--metrics-port', '0', ...args]);
/** Starts the agent of the cluster. */
export const pod = (made: PodWorld, ...args: string[]) =>
  made.startInPod(['run', '--host-root', '/host', '--file', '/host/etc/pod.yaml', '--metrics-port', '0', ...args]);
