/** By what NodePrep knows its own words in files of runtimes and kubelet again. */
import { USUAL_DROP_INS } from '../../kubelet.ts';
import { DROP_INS as CRIO_DROP_INS } from '../observe/crio.ts';
import { hasBlock } from './toml.ts';
import { withoutYamlKey } from './yaml.ts';

/** The first line of a file that is wholly ours. */
export const OWN_HEADER = '# Managed by NodePrep. Changes made here are overwritten.';

/** Names of the drop-ins that are wholly ours. */
export const OWN_NAMES = {
  containerd: '99-nodeprep.toml',
  crio: '99-nodeprep.conf',
  kubelet: '10-nodeprep.conf',
} as const;

/** Where they usually are. */
export const OWN_DROP_INS = {
  containerd: `/etc/containerd/conf.d/${OWN_NAMES.containerd}`,
  crio: `${CRIO_DROP_INS}/${OWN_NAMES.crio}`,
  kubelet: `${USUAL_DROP_INS}/${OWN_NAMES.kubelet}`,
} as const;

/** Whether a file is ours or has something of us. */
export function isMarked(text: string): boolean {
  return text.startsWith(OWN_HEADER) || hasBlock(text) || withoutYamlKey(text, 'cgroupDriver') !== text;
}
