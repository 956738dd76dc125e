/** Reads the files from which the kubelet takes its swap settings. */
import type { HostReader } from '../../../host/host.ts';
import {
  KUBELET_CONFIG,
  KUBELET_DROP_INS,
  KUBELET_FLAGS,
  type KubeletFile,
  type KubeletSwap,
  parseKubeletSwap,
} from './kubelet.ts';

/** What the kubelet of this host is configured to do about swap; no files means that it is not set up yet. */
export async function observeKubelet(host: HostReader): Promise<KubeletSwap> {
  const names = (await host.listDirectory(KUBELET_DROP_INS)) ?? [];
  const dropIns = names.filter((name) => name.endsWith('.conf')).map((name) => `${KUBELET_DROP_INS}/${name}`);
  return parseKubeletSwap(await readAll(host, [KUBELET_CONFIG, ...dropIns]), await readAll(host, KUBELET_FLAGS));
}

async function readAll(host: HostReader, files: readonly string[]): Promise<KubeletFile[]> {
  const read: KubeletFile[] = [];
  for (const file of files) {
    const text = await host.readFile(file);
    if (text !== undefined) read.push({ file, text });
  }
  return read;
}
