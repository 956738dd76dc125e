/** What NodePrep knows about kernel parameters of the boot on Kubernetes nodes: texts for people. */
import type { Topic } from '../surroundings.ts';

interface BootKnowledge {
  readonly why: string;
  readonly breaks: string;
  readonly symptom: string;
  readonly askedBy: readonly string[];
  readonly notes?: readonly string[];
}

/** For a parameter without texts of its own. */
const ANY_PARAMETER: BootKnowledge = {
  why: 'The spec wants every boot of this machine to have it, or not to have it.',
  breaks: 'What it configures is as the kernel, the distribution or the firmware has it by default.',
  symptom: 'The word is, or is not, in /proc/cmdline.',
  askedBy: [],
};

const BOOT_KNOWLEDGE: Readonly<Record<string, BootKnowledge>> = {
  cgroup_enable: {
    why: 'Boards such as the Raspberry Pi start with the memory controller of cgroups disabled; the kubelet needs it for limits and eviction.',
    breaks: 'The kubelet does not start, and kubeadm refuses the node.',
    symptom:
      'kubeadm: "[ERROR SystemVerification]: missing required cgroups: memory"; kubelet: "Failed to start ContainerManager".',
    askedBy: ['kubelet', 'kubeadm'],
    notes: [
      'The firmware of a Raspberry Pi puts cgroup_disable=memory before the words of cmdline.txt; the last word wins.',
      'Only kernels with the patches of Raspberry Pi know cgroup_enable; others keep the controller enabled anyway.',
      'cgroup_memory=1 does nothing on current kernels.',
    ],
  },
  cgroup_disable: {
    why: 'It switches controllers of cgroups off that the kubelet needs, such as memory.',
    breaks: 'Containers with a memory limit fail to start, and pods without one take memory without any limit.',
    symptom: 'containerd: "cannot set memory limit: container could not join or create cgroup".',
    askedBy: ['kubelet', 'kubeadm'],
    notes: ['On a Raspberry Pi firmware or device tree add it, and no file on the disk has it.'],
  },
  'systemd.unified_cgroup_hierarchy': {
    why: 'It decides whether systemd mounts cgroup v2; the kubelet from 1.35 on refuses v1 by default.',
    breaks: 'With 0, the node has cgroup v1, on which new kubelets do not start.',
    symptom: 'kubelet: "kubelet is configured to not run on a host using cgroup v1".',
    askedBy: ['kubelet'],
    notes: [
      'systemd has cgroup v2 by default in distributions since about 2021; systemd from 258 on has nothing else.',
    ],
  },
  hugepages: {
    why: 'Huge pages that are reserved at the start are sure to be there; later the memory may be in pieces.',
    breaks: 'Pods that ask for hugepages-2Mi or hugepages-1Gi stay pending.',
    symptom: 'Scheduler: "Insufficient hugepages-2Mi".',
    askedBy: ['pods with huge pages'],
    notes: ['The kubelet counts huge pages when it starts.'],
  },
  mitigations: {
    why: 'It decides whether the kernel covers weaknesses of the processor.',
    breaks: 'With off, one pod may read memory of another one or of the kernel.',
    symptom: 'Nothing shows; /sys/devices/system/cpu/vulnerabilities says what is covered.',
    askedBy: [],
  },
};

/** Texts about a parameter in the spelling that it is compared by; general ones for a name without texts of its own. */
export function bootKnowledge(name: string): BootKnowledge {
  return (Object.hasOwn(BOOT_KNOWLEDGE, name) ? BOOT_KNOWLEDGE[name] : undefined) ?? ANY_PARAMETER;
}

/** Entries that `explain --list` names. */
export const BOOT_TOPICS: readonly Topic[] = Object.entries(BOOT_KNOWLEDGE).map(([name, { why }]) => ({
  name: `boot.${name}`,
  why,
}));

/** Who probably changed the command line of the next boot. */
export function rivalOf(_target: string): string | undefined {
  return 'a package of the kernel or the boot loader, tuned, or configuration management';
}
