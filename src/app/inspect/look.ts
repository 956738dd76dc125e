/** Looks at a host without changing it: for `plan`, `status`, `explain` and `verify`. */
import type { Problem } from '../../api/yaml/errors.ts';
import { type Declared, readSpec, type SpecRequest } from '../../disk/file-spec-source.ts';
import type { Change } from '../../areas/area.ts';
import { createDraft, type DraftedFile } from '../../host/draft.ts';
import { createEngine } from '../../reconcile/loop/engine.ts';
import { type Ledger, readLedger } from '../../reconcile/ledger/ledger.ts';
import type { PlanDraft } from '../../reconcile/pass/draft-steps.ts';
import type { NodeReport, SpecSnapshot } from '../../reconcile/report/node-report.ts';
import { hostNameOf, type Machine } from '../machine.ts';

/** What was seen. */
export interface Look {
  readonly report: NodeReport;
  readonly ledger: Pick<Ledger, 'memory' | 'warning'>;
  /** About the spec: what is valid and most likely not meant. */
  readonly warnings: readonly Problem[];
}

/** A look with everything that the plan would change, each change told in one place. */
export interface DraftedLook extends Look {
  /** The files that would be written or removed. */
  readonly files: readonly DraftedFile[];
  /** What would change besides: on the running system, or by programs. */
  readonly others: readonly (Change & { readonly area: string })[];
}

/** The spec that a command works with, not yet accepted by a daemon. */
export async function declaredSnapshot(
  machine: Machine,
  request: SpecRequest,
): Promise<{ declared: Declared; snapshot: SpecSnapshot }> {
  const declared = await readSpec(machine.here, machine.host, request);
  const name = declared.name ?? (await hostNameOf(machine.host));
  return { declared, snapshot: { name, generation: 1, spec: declared.spec, source: declared.source } };
}

/** Observes and plans everything, applies nothing. Throws `SpecInvalidError` or `HostFileError`. */
export async function look(machine: Machine, request: SpecRequest, signal: AbortSignal): Promise<Look> {
  const { declared, snapshot } = await declaredSnapshot(machine, request);
  return { ...(await lookWith(machine, snapshot, signal)), warnings: declared.warnings ?? [] };
}

/** As `look`, with the files that the plan would write. */
export async function lookAtFiles(machine: Machine, request: SpecRequest, signal: AbortSignal): Promise<DraftedLook> {
  const { declared, snapshot } = await declaredSnapshot(machine, request);
  const { host, files } = createDraft(machine.host);
  const others: (Change & { readonly area: string })[] = [];
  const onOther = (area: string, changes: readonly Change[]) => {
    others.push(...changes.map((change) => ({ area, ...change })));
  };
  const seen = await lookWith({ ...machine, draft: { host, onOther } }, snapshot, signal);
  return { ...seen, warnings: declared.warnings ?? [], files: files(), others };
}

/** As `look`, with a spec that is known already. */
export async function lookWith(
  machine: Machine & { readonly draft?: PlanDraft },
  snapshot: SpecSnapshot,
  signal: AbortSignal,
): Promise<Omit<Look, 'warnings'>> {
  const ledger = await readLedger(machine.host);
  const engine = createEngine({ ...machine, ledger: readOnly(ledger), dryRun: true });
  return { ledger, report: await engine.round({ snapshot, cause: 'start' }, signal) };
}

function readOnly(ledger: Pick<Ledger, 'memory'>): Ledger {
  const refuse = () => Promise.reject(new Error('Cannot change the ledger: this command only looks'));
  return { memory: ledger.memory, remember: refuse, forget: refuse, leave: refuse, settle: refuse };
}
