/** The pod of the agents as the DaemonSet describes it, and the bundle that a runtime of this test starts it from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type BundleOptions, ociConfigFrom } from './bundle.ts';
import { imageConfigFrom, readDockerfile } from './dockerfile.ts';
import type { Container, PodSpec } from './pod.ts';

const MANIFEST = join(import.meta.dirname, '../../../manifests/agent/daemonset.yaml');
/**
 * What containerd 1.6.20 of Debian 12 makes of its default profile for the capabilities of the agent: the output of
 * `ctr container create --rootfs --seccomp` with `--cap-drop` and `--cap-add`, read back with `ctr container info`.
 */
const SECCOMP = join(import.meta.dirname, 'seccomp-containerd-1.6.20.json');

/** The pod and its only container. */
export function readAgentPod(): { readonly pod: PodSpec; readonly container: Container } {
  const daemonSet = parse(readFileSync(MANIFEST, 'utf8')) as { spec: { template: { spec: PodSpec } } };
  const pod = daemonSet.spec.template.spec;
  const [container, ...others] = pod.containers;
  if (container === undefined || others.length > 0) throw new Error('The pod of the agents has one container');
  return { pod, container };
}

/** The seccomp profile that `RuntimeDefault` means for the agent. */
export function readDefaultSeccomp(): {
  readonly syscalls: readonly { readonly names: readonly string[]; readonly action: string }[];
} {
  return JSON.parse(readFileSync(SECCOMP, 'utf8')) as ReturnType<typeof readDefaultSeccomp>;
}

/** The config.json of the agent's container; `args` replaces those of the DaemonSet, for one-shot commands. */
export function agentBundle(
  options: Omit<BundleOptions, 'image' | 'defaultSeccomp'> & { readonly args?: readonly string[] },
): unknown {
  const { pod, container } = readAgentPod();
  const { args = container.args ?? [], ...rest } = options;
  const image = imageConfigFrom(readDockerfile());
  return ociConfigFrom(pod, { ...container, args }, { ...rest, image, defaultSeccomp: readDefaultSeccomp() });
}
