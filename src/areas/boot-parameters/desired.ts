/** The part of the spec that this area owns. */
import type { BootParameterEntry } from '../../api/parts/boot-parameters.ts';
import type { NodePrepSpec } from '../../api/spec/nodeprep.ts';
import { type BootWord, wordText } from './words.ts';

/** The declared parameters; empty for a spec without them, which owns nothing. */
export type Desired = readonly BootParameterEntry[];

const NOTHING: Desired = [];

/** Takes the kernel parameters of the boot out of a spec. */
export function desiredFrom(spec: NodePrepSpec): Desired {
  return spec.bootParameters ?? NOTHING;
}

/** The parameter as it stands on a command line. */
export function wordOf({ parameter, value }: Pick<BootParameterEntry, 'parameter' | 'value'>): string {
  const word: BootWord = value === '' ? { name: parameter } : { name: parameter, value };
  return wordText(word);
}
