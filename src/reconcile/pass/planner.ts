/**
 * Observes and plans one area. The host is looked at every time; planned is only what differs from the time before: a
 * plan depends on nothing but the spec, what was observed and what the ledger has.
 */
import { isDeepStrictEqual } from 'node:util';
import type { NodePrepSpec } from '../../api/spec/nodeprep.ts';
import type { Area, Plan, Step } from '../../areas/area.ts';
import type { HostReader } from '../../host/host.ts';
import { unchanged } from '../../host/unchanged.ts';
import type { Ledger } from '../ledger/ledger.ts';

interface PlannerContext {
  readonly host: HostReader;
  readonly ledger: Pick<Ledger, 'memory'>;
  readonly signal: AbortSignal;
}

/** Observes the host and plans; the same object as the time before when nothing has changed since. */
export type Planner<S extends Step> = (spec: NodePrepSpec, context: PlannerContext) => Promise<Plan<S>>;

/** Makes the planner of an area. */
export function createPlanner<Desired, Observed, S extends Step>(area: Area<Desired, Observed, S>): Planner<S> {
  const desiredOf = unchanged(area.desired);
  const planOf = unchanged(area.plan, ([desired, observed, memory], before) => {
    return desired === before[0] && memory === before[2] && isDeepStrictEqual(observed, before[1]);
  });
  return async (spec, { host, ledger, signal }) => {
    const [desired, memory] = [desiredOf(spec), ledger.memory(area.name)];
    return planOf(desired, await area.observe(host, desired, signal, memory), memory);
  };
}
