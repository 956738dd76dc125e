/**
 * Observes and plans one area. The host is looked at every time; planned is only what differs from
 * the time before: a plan depends on nothing but the spec, what was observed and what is remembered,
 * and most passes find all three as they were.
 */
import { isDeepStrictEqual } from 'node:util';
import type { NodePrepSpec } from '../../api/spec/nodeprep.ts';
import type { Area, Memory, Plan, Step } from '../../areas/area.ts';
import type { HostReader } from '../../host/host.ts';
import type { Ledger } from '../ledger/ledger.ts';

interface PlannerContext {
  readonly host: HostReader;
  readonly ledger: Pick<Ledger, 'memory'>;
  readonly signal: AbortSignal;
}

/** Observes the host and plans; the same object as the time before when nothing has changed since. */
export type Planner<S extends Step> = (spec: NodePrepSpec, context: PlannerContext) => Promise<Plan<S>>;

interface Planned<Desired, Observed, S extends Step> {
  readonly spec: NodePrepSpec;
  readonly desired: Desired;
  readonly memory: Memory;
  readonly observed: Observed;
  readonly plan: Plan<S>;
}

/** Makes the planner of an area. */
export function createPlanner<Desired, Observed, S extends Step>(area: Area<Desired, Observed, S>): Planner<S> {
  let last: Planned<Desired, Observed, S> | undefined;
  return async (spec, context) => {
    const memory = context.ledger.memory(area.name);
    const desired = last?.spec === spec ? last.desired : area.desired(spec);
    const observed = await area.observe(context.host, desired, context.signal, memory);
    const isSame = last?.desired === desired && last.memory === memory && isDeepStrictEqual(last.observed, observed);
    if (last !== undefined && isSame) return last.plan;
    const plan = area.plan(desired, observed, memory);
    last = { spec, desired, memory, observed, plan };
    return plan;
  };
}
