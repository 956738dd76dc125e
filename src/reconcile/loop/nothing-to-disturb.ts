/**
 * Whether the host is no node yet: then nothing that NodePrep restarts can hurt a pod. Files only,
 * no child process and no socket; what cannot be read counts as something to disturb.
 */
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

/** One folder for each task of containerd that runs in the namespace of Kubernetes. */
const TASKS = '/run/containerd/io.containerd.runtime.v2.task/k8s.io';
/** Where the pods of both cgroup drivers are, in the unified hierarchy and in those of cgroup v1. */
const POD_GROUPS = ['', '/memory', '/pids', '/systemd'].flatMap((hierarchy) =>
  ['kubepods.slice', 'kubepods'].map((name) => `/sys/fs/cgroup${hierarchy}/${name}`),
);
/** Pods whose kubelet and runtime disagree about the cgroup driver are here, as `kubepods-…:cri-containerd:ID`. */
const STRAY_PODS = '/sys/fs/cgroup/system.slice';

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
  if (await hasName(host, TASKS, '')) return true;
  if (await hasName(host, STRAY_PODS, 'kubepods')) return true;
  for (const group of POD_GROUPS) {
    const events = await host.readFile(`${group}/cgroup.events`);
    // cgroup v1 has no such file: the folder of a pod goes with the pod.
    if (events === undefined ? await hasName(host, group, 'kubepods-', 'pod') : /^populated 1$/m.test(events))
      return true;
  }
  return false;
}

async function hasName(host: HostReader, directory: string, ...starts: readonly string[]): Promise<boolean> {
  const names = await host.listDirectory(directory);
  return names?.some((name) => starts.some((start) => name.startsWith(start))) ?? false;
}
