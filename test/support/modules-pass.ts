/** Runs the modules area on a `MemoryHost` through the real engine and ledger. */
import { type ModuleEntry } from '../../src/api/parts/modules.ts';
import { emptySpec, type NodePrepSpec } from '../../src/api/spec/nodeprep.ts';
import { modules } from '../../src/areas/modules/index.ts';
import type { Plan } from '../../src/areas/area.ts';
import type { Host } from '../../src/host/host.ts';
import { openLedger } from '../../src/reconcile/ledger/ledger.ts';
import { manage } from '../../src/reconcile/pass/pass.ts';
import type { AreaReport } from '../../src/reconcile/report/report.ts';

/** What a test declares: a name, or an entry with what matters. */
export type Declared = string | (Partial<ModuleEntry> & { readonly name: string });

/** A spec that declares kernel modules and nothing else. */
export function modulesSpec(declared: readonly Declared[], changes: Partial<NodePrepSpec> = {}): NodePrepSpec {
  const entries = declared.map((one) => ({
    parameters: {},
    required: true,
    ...(typeof one === 'string' ? { name: one } : one),
  }));
  return { ...emptySpec('Keep'), modules: entries, ...changes };
}

/** One pass, as the daemon makes it. */
export async function passModules(host: Host, spec: NodePrepSpec): Promise<AreaReport> {
  const ledger = await openLedger(host, () => new Date('2026-01-02T03:04:05Z'));
  return manage(modules).reconcile(spec, {
    host,
    ledger,
    signal: new AbortController().signal,
    clock: () => 0,
  });
}

/** The plan alone, with what the ledger of the host remembers. */
export async function planOf(host: Host, spec: NodePrepSpec): Promise<Plan> {
  const desired = modules.desired(spec);
  const observed = await modules.observe(host, desired, new AbortController().signal);
  const ledger = await openLedger(host, () => new Date('2026-01-02T03:04:05Z'));
  return modules.plan(desired, observed, ledger.memory('modules'));
}

/** The changes of a plan, one line each, as a person would read them. */
export function changeLines(plan: Plan): string[] {
  return plan.steps.flatMap((step) =>
    step.changes.map(
      ({ scope, action, target, from = '-', to = '-', disruption }) =>
        `${scope} ${action} ${target}: ${from} -> ${to}${disruption === 'None' ? '' : ` (${disruption})`}`,
    ),
  );
}
