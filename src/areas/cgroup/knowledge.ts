/** What NodePrep knows about control groups on Kubernetes nodes: texts for people. */

/** The texts of `explain cgroup`. */
export const CGROUP_KNOWLEDGE = {
  why: 'Kubelet and container runtime both make control groups for pods: either as units of systemd or as plain folders. With one driver each there are two trees, and the limits of a pod count in the one that its processes are not in.',
  breaks:
    'Runtime cgroupfs with kubelet systemd: pods start without an error and run outside of kubepods.slice, so limits of pods, of QoS classes and of kubeReserved do not hold. Runtime systemd with kubelet cgroupfs: new pods fail, running ones go on.',
  symptom:
    'kubelet: "expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "/kubepods/…" instead", or no error at all. A drop-in for containerd 1.x without runtime_type: "container create failed validation: container.Runtime.Name must be set".',
  askedBy: ['kubelet', 'kubeadm', 'containerd', 'CRI-O'],
} as const;

/** Facts that people stumble over. */
export const CGROUP_NOTES: readonly string[] = [
  'kubeadm from 1.22 on configures the kubelet for systemd; containerd and older Docker default to cgroupfs.',
  'An import of containerd 1.x is not merged: a drop-in with SystemdCgroup alone replaces the whole CRI configuration.',
  'The kubelet from 1.31 on asks the runtime for the driver; containerd answers from 2.0 on, CRI-O from 1.28 on.',
  'Restarting containerd or CRI-O keeps containers; restarting dockerd stops them unless live-restore is on.',
  'After a change of the driver, running pods stay in the old tree until they are made anew.',
];

/** Who probably changed a file of a runtime or of the kubelet. */
export function rivalOf(target: string): string | undefined {
  if (target === 'cgroup driver of kubelet') return 'kubeadm upgrade or configuration management';
  return target.startsWith('cgroup') ? 'nvidia-container-toolkit or configuration management' : undefined;
}
