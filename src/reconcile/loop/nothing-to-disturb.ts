/**
 * Whether the host is no node yet: then nothing that NodePrep restarts can hurt a pod. Files only,
 * no child process and no socket; what cannot be read counts as something to disturb.
 */
import { observeCgroups } from '../../areas/cgroups.ts';
import { observePodGroups, runsPods } from '../../areas/pod-groups.ts';
import { HostFileError } from '../../host/errors.ts';
import type { HostReader } from '../../host/host.ts';

/** What a kubelet has that was let into a cluster: by kubeadm, k3s, RKE2, k0s. */
const CREDENTIALS = [
  '/etc/kubernetes/kubelet.conf',
  '/var/lib/rancher/k3s/agent/kubelet.kubeconfig',
  '/var/lib/rancher/rke2/agent/kubelet.kubeconfig',
  '/var/lib/k0s/kubelet.conf',
] as const;

/** The same by the beginning of a name: `kubeconfig`, and `kubelet-client-current.pem` of TLS bootstrapping. */
const CREDENTIAL_NAMES = [
  ['/var/lib/kubelet', 'kubeconfig'],
  ['/var/lib/kubelet/pki', 'kubelet-client'],
] as const;

/** One folder for each task of containerd: of pods, and of containers of Docker, which a restart of Docker stops. */
const TASKS = ['k8s.io', 'moby'].map((namespace) => `/run/containerd/io.containerd.runtime.v2.task/${namespace}`);

/** True when there are neither credentials of a kubelet nor pods. */
export async function hasNothingToDisturb(host: HostReader): Promise<boolean> {
  // An image, or a copy, runs nothing.
  if (host.kernel !== 'running') return true;
  try {
    return !(await hasCredentials(host)) && !(await hasPods(host));
  } catch (error) {
    if (error instanceof HostFileError) return false;
    throw error;
  }
}

async function hasCredentials(host: HostReader): Promise<boolean> {
  for (const path of CREDENTIALS) if ((await host.stat(path)) !== undefined) return true;
  for (const [directory, start] of CREDENTIAL_NAMES) if (await hasName(host, directory, start)) return true;
  return false;
}

async function hasPods(host: HostReader): Promise<boolean> {
  for (const tasks of TASKS) if (await hasName(host, tasks, '')) return true;
  return runsPods(await observePodGroups(host, (await observeCgroups(host))?.version));
}

async function hasName(host: HostReader, directory: string, start: string): Promise<boolean> {
  const names = await host.listDirectory(directory);
  return names?.some((name) => name.startsWith(start)) ?? false;
}
