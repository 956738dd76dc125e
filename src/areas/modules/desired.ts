/** The part of the spec that this area owns. */
import type { ModuleEntry } from '../../api/parts/modules.ts';
import type { DeletionPolicy, NodePrepSpec } from '../../api/spec/nodeprep.ts';

/** What the area works towards; no entries means that it owns nothing. */
export interface Desired {
  readonly entries: readonly ModuleEntry[];
  readonly deletionPolicy: DeletionPolicy;
}

/** Takes the declared kernel modules out of a spec. */
export function desiredFrom(spec: NodePrepSpec): Desired {
  return { entries: spec.modules ?? [], deletionPolicy: spec.deletionPolicy };
}
