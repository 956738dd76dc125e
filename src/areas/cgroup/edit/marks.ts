/** By what NodePrep knows its own words in files of runtimes and kubelet again. */
import { hasBlock } from './toml.ts';
import { withoutYamlKey } from './yaml.ts';

/** The first line of a file that is wholly ours. */
export const OWN_HEADER = '# Managed by NodePrep. Changes made here are overwritten.';

/** Whether a file is ours or has something of us. */
export function isMarked(text: string): boolean {
  return text.startsWith(OWN_HEADER) || hasBlock(text) || withoutYamlKey(text, 'cgroupDriver') !== text;
}
