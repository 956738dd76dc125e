/** What NodePrep knows about swap on Kubernetes nodes: texts for people, and what turns it on again. */

/** The texts of `explain swap`. */
export const SWAP_KNOWLEDGE = {
  why: 'The kubelet promises memory to pods by what the node really has. Swap hides that memory has run out: a pod over its limit slows the whole node down instead of being killed, and evictions come too late.',
  breaks:
    'The kubelet stops at its start as long as swap is on, unless failSwapOn is false; kubeadm warns before that. The node stays NotReady, also after a reboot that brought swap back.',
  symptom:
    'kubelet: "running with swap on is not supported, please disable swap or set --fail-swap-on flag to false". kubeadm: "[WARNING Swap]: swap is supported for cgroup v2 only. The kubelet must be properly configured to use swap."',
  askedBy: ['kubelet', 'kubeadm'],
} as const;

/** Facts that people stumble over. */
export const SWAP_NOTES: readonly string[] = [
  'vm.swappiness=0 is not off: the kernel still swaps when it must, and the kubelet looks at /proc/swaps only.',
  '"swapoff -a" lasts until systemd starts the swap again, which the start of any service can do, and at the latest until the next reboot.',
  'A swap partition of a GPT disk needs no line in /etc/fstab: systemd-gpt-auto-generator turns it on when fstab has none.',
];

/** The program that most likely turned a device, a unit or a line on again. */
export function rivalOf(target: string): string | undefined {
  if (target === '/etc/fstab') return 'cloud-init (its "swap:" or "mounts:" setting) or configuration management';
  if (/zram/.test(target)) return 'zram-generator, zram-tools or another zram service';
  if (target === '/var/swap' || target.startsWith('dphys-swapfile')) return 'dphys-swapfile or rpi-swap';
  if (target.startsWith('/swapfile') || target.startsWith('/swap.'))
    return 'cloud-init (its "swap:" setting) or swapspace';
  if (target.startsWith('/dev/') || target.endsWith('.swap')) {
    return 'a swap unit of systemd (systemd-gpt-auto-generator makes them for GPT partitions)';
  }
  if (target === 'systemd') return 'a generator that makes units in a place which wins over /etc/systemd/system';
  return undefined;
}
