/** Reads the files from which the kubelet takes its swap settings. */
import type { HostReader } from '../../../host/host.ts';
import { readKubelet } from '../../kubelet.ts';
import { type KubeletSwap, parseKubeletSwap } from './kubelet.ts';

/** What the kubelet of this host is configured to do about swap; no files means that it is not set up yet. */
export async function observeKubelet(host: HostReader): Promise<KubeletSwap> {
  const { configs, flags } = await readKubelet(host);
  return parseKubeletSwap(configs, flags);
}
