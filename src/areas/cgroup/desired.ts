/** The part of the spec that this area owns. */
import type { CgroupSpec } from '../../api/parts/cgroup.ts';
import type { DeletionPolicy, NodePrepSpec } from '../../api/spec/nodeprep.ts';

/** What the area works towards. */
export interface Desired {
  /** Absent in a spec without control groups, which owns nothing. */
  readonly spec?: CgroupSpec;
  readonly deletionPolicy: DeletionPolicy;
}

/** Takes the cgroups out of a spec. */
export function desiredFrom({ cgroup, deletionPolicy }: NodePrepSpec): Desired {
  return { ...(cgroup === undefined ? {} : { spec: cgroup }), deletionPolicy };
}
