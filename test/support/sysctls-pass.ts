/** Runs the sysctls area on a `MemoryHost` through the real engine and ledger. */
import { type SysctlEntry } from '../../src/api/parts/sysctl-entry.ts';
import { emptySpec, type NodePrepSpec } from '../../src/api/spec/nodeprep.ts';
import { canonicalSysctl, sysctlPath } from '../../src/api/names/sysctl-names.ts';
import type { Explanation, Memory, Plan } from '../../src/areas/area.ts';
import { sysctls } from '../../src/areas/sysctls/index.ts';
import { CONF_PATH } from '../../src/areas/sysctls/boot-files/own-files.ts';
import type { Kernel } from '../../src/host/host.ts';
import { type KernelFileOptions, kernelFiles } from '../../src/host/memory/kernel-files.ts';
import { type MemoryFiles, MemoryHost } from '../../src/host/memory/memory-host.ts';
import { openLedger } from '../../src/reconcile/ledger/ledger.ts';
import { manage } from '../../src/reconcile/pass/pass.ts';
import type { PassContext } from '../../src/reconcile/pass/context.ts';
import type { AreaReport } from '../../src/reconcile/report/report.ts';

/** What a test declares: a name, a value and what matters besides. */
export type Declared = readonly [name: string, value: string, changes?: Partial<SysctlEntry>];

/** A spec that declares kernel parameters, and modules by name. */
export function sysctlsSpec(
  declared: readonly Declared[],
  changes: Partial<NodePrepSpec> = {},
  modules: readonly string[] = [],
): NodePrepSpec {
  const entries = declared.map(([name, value, more = {}]): SysctlEntry => {
    return { name: canonicalSysctl(name), value, match: 'Exact', required: true, drift: 'Correct', ...more };
  });
  const declaredModules = modules.map((name) => ({ name, parameters: {}, required: true }));
  return { ...emptySpec('Keep'), sysctls: entries, modules: declaredModules, ...changes };
}

/** A host whose kernel holds the given parameters; files come on top. */
export function kernelHost(
  parameters: Readonly<Record<string, string>>,
  files: MemoryFiles = {},
  options: KernelFileOptions & { readonly kernel?: Kernel } = {},
): MemoryHost {
  const proc = Object.entries(parameters).map(([name, value]): [string, string] => [
    sysctlPath(canonicalSysctl(name)),
    // The kernel answers without a line end where there is nothing to say before the first write.
    value === '' ? '' : `${value}\n`,
  ]);
  const behaviours = [kernelFiles(options)];
  const kernel = options.kernel ?? 'running';
  return new MemoryHost({ '/proc/sys': null, ...Object.fromEntries(proc), ...files }, { behaviours, kernel });
}

/** One pass, as the daemon makes it. */
export async function passSysctls(
  host: MemoryHost,
  spec: NodePrepSpec,
  changes: Partial<PassContext> = {},
): Promise<AreaReport> {
  const ledger = await openLedger(host, () => new Date('2026-01-02T03:04:05Z'));
  return manage(sysctls).reconcile(spec, {
    host,
    ledger,
    signal: new AbortController().signal,
    clock: () => 0,
    ...changes,
  });
}

/** The plan alone, with what the ledger of the host remembers. */
export async function planOf(host: MemoryHost, spec: NodePrepSpec): Promise<Plan> {
  const desired = sysctls.desired(spec);
  const memory = await memoryOf(host);
  const observed = await sysctls.observe(host, desired, new AbortController().signal, memory);
  return sysctls.plan(desired, observed, memory);
}

/** What is recorded. */
export async function memoryOf(host: MemoryHost): Promise<Memory> {
  return (await openLedger(host, () => new Date())).memory('sysctls');
}

/** What the area says of one parameter. */
export async function explained(host: MemoryHost, spec: NodePrepSpec, name: string): Promise<Explanation | undefined> {
  const desired = sysctls.desired(spec);
  return sysctls.explain(name, desired, await sysctls.observe(host, desired, new AbortController().signal));
}

/** The changes of a plan, one line each, as a person would read them. */
export function changeLines(plan: Plan): string[] {
  return plan.steps.flatMap((step) =>
    step.changes.map(
      ({ scope, action, target, from = '-', to = '-' }) => `${scope} ${action} ${target}: ${from} -> ${to}`,
    ),
  );
}

/** The assignments of our own file. */
export function persisted(host: MemoryHost): readonly string[] | undefined {
  return host
    .text(CONF_PATH)
    ?.split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** A live value without its line end. */
export function live(host: MemoryHost, name: string): string | undefined {
  return host.text(sysctlPath(canonicalSysctl(name)))?.trim();
}
