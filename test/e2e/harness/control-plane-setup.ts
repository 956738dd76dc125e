/** Obtains a control plane when a scenario that needs one is going to run: on a new machine that takes minutes. */
import type { TestProject } from 'vitest/node';
import { setup as obtain } from '../../apiserver/harness/global-setup.ts';

const NEEDED_BY = ['11-cluster', '12-cgroup', '13-cgroup-kubelet', '15-kubeadm'].map(
  (name) => `test/e2e/native/${name}.test.ts`,
);

/** Called by vitest before the first test file. */
export function setup(project: TestProject): void {
  // Vitest has what the command line selects, but not in its types; without it every file runs.
  const { filenamePattern: wanted = [] } = project.vitest as unknown as { filenamePattern?: readonly string[] };
  if (wanted.length === 0 || wanted.some((part) => NEEDED_BY.some((file) => file.includes(part)))) obtain(project);
}
