/** The part of the spec that this area owns. */
import type { DeletionPolicy, ModuleEntry, NodePrepSpec } from '../../api/nodeprep.ts';

/** What the area works towards; no entries means that it owns nothing. */
export interface DesiredModules {
  readonly entries: readonly ModuleEntry[];
  readonly deletionPolicy: DeletionPolicy;
}

/** Takes the declared kernel modules out of a spec. */
export function desiredModules(spec: NodePrepSpec): DesiredModules {
  return { entries: spec.modules ?? [], deletionPolicy: spec.deletionPolicy };
}
