/** The smallest honest area: each declared sysctl is a file below /toy. For tests of the engine itself. */
import type { NodePrepSpec } from '../../src/api/spec/nodeprep.ts';
import { emptySpec } from '../../src/api/spec/nodeprep.ts';
import { type Area, type Change, type Finding, type Step, StepError } from '../../src/areas/area.ts';

export interface ToyStep extends Step {
  readonly name: string;
  readonly value: string;
}

type Desired = readonly { readonly name: string; readonly value: string; readonly required: boolean }[];

/** Behaviour that a test changes: changes to defer, to hold in a chain or to block. */
export interface ToyOptions {
  readonly disruption?: Change['disruption'];
  /** The same of single entries. */
  readonly disruptions?: Readonly<Record<string, Change['disruption']>>;
  readonly waitsFor?: Step['waitsFor'];
  readonly chain?: string;
  /** Which entry each entry needs; each is a chain of its own then. */
  readonly needs?: Readonly<Record<string, string>>;
  readonly blocked?: readonly Finding[];
  readonly scope?: Change['scope'];
  /** Ledger keys that the plan is done with. */
  readonly spent?: readonly string[];
  readonly failOn?: ReadonlySet<string>;
  /** Thrown by `observe`. */
  readonly unreadable?: Error;
  /** Thrown by `apply`, as a bug would be. */
  readonly bug?: Error;
  /** Every change waits for it before it is made. */
  readonly hangsUntil?: Promise<void>;
}

const pathOf = (name: string) => `/toy/${name}`;
const needsOf = (needs: string | undefined) => (needs === undefined ? {} : { needs });

export function toyArea(options: ToyOptions = {}): Area<Desired, ReadonlyMap<string, string | undefined>, ToyStep> {
  return {
    name: 'sysctls',
    desired: (spec) => spec.sysctls ?? [],
    observe: async (host, desired) => {
      if (options.unreadable !== undefined) throw options.unreadable;
      const values = new Map<string, string | undefined>();
      for (const { name } of desired) values.set(name, (await host.readFile(pathOf(name)))?.trim());
      return values;
    },
    plan: (desired, observed) => ({
      entries: desired.map(({ name, value, required }) => {
        const live = observed.get(name);
        return { name, required, desired: value, ...(live === undefined ? {} : { live }) };
      }),
      steps: desired
        .filter(({ name, value }) => observed.get(name) !== value)
        .map(({ name, value }) => {
          const from = observed.get(name);
          const change: Change = {
            action: from === undefined ? 'create' : 'update',
            target: name,
            to: value,
            ...(from === undefined ? {} : { from }),
            scope: options.scope ?? 'live',
            disruption: options.disruptions?.[name] ?? options.disruption ?? 'None',
          };
          return {
            name,
            value,
            changes: [change] as const,
            ...(options.waitsFor === undefined ? {} : { waitsFor: options.waitsFor }),
            memos: [
              {
                key: `live:${name}`,
                original:
                  from === undefined ? ({ state: 'absent' } as const) : ({ state: 'value', value: from } as const),
                wrote: value,
              },
            ],
            ...(options.chain === undefined ? {} : { chain: options.chain }),
            ...(options.needs === undefined ? {} : { chain: name, ...needsOf(options.needs[name]) }),
          };
        }),
      blocked: options.blocked ?? [],
      conflicts: [],
      left: [],
      ...(options.spent === undefined ? {} : { spent: options.spent }),
    }),
    apply: async (host, step) => {
      await options.hangsUntil;
      if (options.bug !== undefined) throw options.bug;
      if (options.failOn?.has(step.name) === true)
        throw new StepError('ApplyFailed', `Cannot write "${step.name}": refused`, { transient: true });
      await host.writeFile(pathOf(step.name), step.value);
    },
    hints: (desired) => desired.map(({ name }) => ({ path: pathOf(name), by: 'event' })),
    rival: (target) => (target === 'fought' ? 'kube-proxy' : undefined),
    explain: () => undefined,
    verify: () => [],
    reads: {},
    writesIn: ['/toy'],
    rights: {},
  };
}

/** A spec whose sysctls are the given values. */
export function toySpec(values: Readonly<Record<string, string>>, parts: Partial<NodePrepSpec> = {}): NodePrepSpec {
  const sysctls = Object.entries(values).map(([name, value]) => ({
    name,
    value,
    match: 'Exact' as const,
    required: true,
    drift: 'Correct' as const,
  }));
  return { ...emptySpec('Keep'), sysctls, ...parts };
}
