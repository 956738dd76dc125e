/** The part of the spec that this area owns. */
import type { CgroupSpec } from '../../api/parts/cgroup.ts';
import type { NodePrepSpec } from '../../api/spec/nodeprep.ts';

/** What the area compares with; `undefined` for a spec without it, which owns nothing. */
export type Desired = CgroupSpec | undefined;

/** Takes the cgroups out of a spec. */
export function desiredFrom(spec: NodePrepSpec): Desired {
  return spec.cgroup;
}
