/** The part of the spec that this area owns. */
import type { SwapBehavior } from '../../api/parts/swap.ts';
import type { DeletionPolicy, NodePrepSpec } from '../../api/spec/nodeprep.ts';

/** What the area works towards. `Unmanaged`, also for a spec without swap, owns nothing. */
export interface Desired {
  readonly behavior: SwapBehavior;
  readonly reserveBytes: number;
  readonly deletionPolicy: DeletionPolicy;
}

/** Takes the swap policy out of a spec. */
export function desiredFrom(spec: NodePrepSpec): Desired {
  return {
    behavior: spec.swap?.behavior ?? 'Unmanaged',
    reserveBytes: spec.swap?.reserveBytes ?? 0,
    deletionPolicy: spec.deletionPolicy,
  };
}

/** Whether the policy turns swap off, all of it or all but zram. */
export function turnsOff({ behavior }: Desired): boolean {
  return behavior === 'Disabled' || behavior === 'ZramHostOnly';
}

/** Whether swap on such a device, or started by such a unit, has to go. */
export function mustGo(desired: Desired, isZram: boolean): boolean {
  return desired.behavior === 'Disabled' || (desired.behavior === 'ZramHostOnly' && !isZram);
}
