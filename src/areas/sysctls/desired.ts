/** What the spec says about kernel parameters, and what of the rest of the spec they depend on. */
import type { SysctlEntry } from '../../api/parts/sysctl-entry.ts';
import type { DeletionPolicy, NodePrepSpec } from '../../api/spec/nodeprep.ts';
import { type Meaning, meaningOf } from './values/meaning.ts';

/** A declared parameter, with what its value means. */
export interface WantedSysctl extends SysctlEntry {
  readonly meaning: Meaning;
}

/** The part of the spec that this area works from. */
export interface Desired {
  /** Whether the spec declares the area at all. */
  readonly isManaged: boolean;
  readonly entries: readonly WantedSysctl[];
  readonly deletionPolicy: DeletionPolicy;
  /** Modules that NodePrep loads before it gets here; their parameters may be waited for. */
  readonly declaredModules: ReadonlySet<string>;
}

/** Takes this area's part of the spec. */
export function desiredFrom(spec: NodePrepSpec): Desired {
  return {
    isManaged: spec.sysctls !== undefined,
    entries: (spec.sysctls ?? []).map((entry) => ({ ...entry, meaning: meaningOf(entry.value, entry.name) })),
    deletionPolicy: spec.deletionPolicy,
    declaredModules: new Set((spec.modules ?? []).map((entry) => entry.name)),
  };
}
