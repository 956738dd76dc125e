/** Whether a node with limited swap fits together: cgroup version, kubelet configuration. Pure. */
import type { Finding } from '../../area.ts';
import { KUBELET_CONFIG } from '../../kubelet.ts';
import { kubeletObstacles } from '../observe/kubelet.ts';
import type { Observed } from '../observe/observe.ts';

/** Everything that does not fit; nothing is guessed and nothing is changed. */
export function incoherence({ kubelet, isCgroupV2, kernel }: Observed): readonly Finding[] {
  const findings: Finding[] = [];
  if (!isCgroupV2 && kernel !== 'absent') {
    findings.push({
      target: 'swap',
      reason: 'SwapIncoherent',
      message:
        'LimitedSwap needs cgroup v2, but /sys/fs/cgroup has no cgroup.controllers: on cgroup v1 the kubelet cannot limit the swap of a pod and gives pods none. Declare systemd.unified_cgroup_hierarchy=1 under spec.bootParameters and reboot, or declare "behavior: Disabled".',
    });
  }
  if (kubelet === undefined) return findings;
  if (kubelet.files.length === 0) {
    findings.push({
      target: 'swap',
      reason: 'SwapIncoherent',
      file: KUBELET_CONFIG,
      // Before the node joins there is no such file: it must not keep the kubelet from being set up.
      required: false,
      message: `LimitedSwap needs a kubelet that is configured for it, but there is no ${KUBELET_CONFIG} yet, and without it the kubelet refuses to start with swap on. Join the node with "failSwapOn: false" and "memorySwap: {swapBehavior: LimitedSwap}" in the KubeletConfiguration.`,
    });
    return findings;
  }
  const obstacles = kubeletObstacles(kubelet);
  if (obstacles.length > 0) {
    findings.push({
      target: 'swap',
      reason: 'SwapIncoherent',
      file: kubelet.files[0] ?? KUBELET_CONFIG,
      message: `LimitedSwap and the kubelet configuration do not fit together: ${obstacles.join('; ')}. Read: ${kubelet.files.join(', ')}. Restart the kubelet after the change.`,
    });
  }
  return findings;
}
