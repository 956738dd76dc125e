/** Where the disk and systemd can tell that drivers may differ. */
import type { Hint } from '../../host/host.ts';
import { KUBELET_CONFIG, KUBELET_FLAGS, USUAL_DROP_INS } from '../kubelet.ts';
import type { Desired } from './desired.ts';

const FILES = [
  '/etc/containerd/config.toml',
  '/etc/containerd/conf.d',
  '/etc/crio/crio.conf',
  '/etc/crio/crio.conf.d',
  '/etc/docker/daemon.json',
  KUBELET_CONFIG,
  USUAL_DROP_INS,
  ...KUBELET_FLAGS,
] as const;
const UNITS = ['containerd.service', 'crio.service', 'cri-docker.service', 'kubelet.service'] as const;

/** Files of runtimes and kubelet, and their starts: with each start the runtime is asked again. */
export function hintsFor(desired: Desired): readonly Hint[] {
  if (desired === undefined) return [];
  return [...FILES.map((path): Hint => ({ path, by: 'event' })), ...UNITS.map((unit): Hint => ({ unit }))];
}
