/**
 * An area whose change is on trial until a probe has confirmed it, as a firewall needs it. The "kernel" is a few
 * files: `/trial/candidate` is what is tried, and goes by itself when the trial expires; `/trial/kept` is what the
 * next boot has; `/trial/probe` says `good` or `bad` once the probe has an answer.
 */
import type { Area, Change, Finding, Memory, Plan, Step } from '../../src/areas/area.ts';
import type { HostReader } from '../../src/host/host.ts';

export const CANDIDATE = '/trial/candidate';
export const KEPT = '/trial/kept';
export const PROBE = '/trial/probe';

interface TrialStep extends Step {
  readonly kind: 'try' | 'confirm' | 'undo';
  readonly value: string;
}

interface Observed {
  readonly candidate: string | undefined;
  readonly kept: string | undefined;
  readonly probe: string | undefined;
}

async function observe(host: HostReader): Promise<Observed> {
  const [candidate, kept, probe] = await Promise.all([CANDIDATE, KEPT, PROBE].map((path) => host.readFile(path)));
  return { candidate, kept, probe };
}

function plan(value: string | undefined, seen: Observed, memory: Memory): Plan<TrialStep> {
  const key = `trial:${value}`;
  const refused = `refused:${value}`;
  const entries = value === undefined ? [] : [{ name: 'rules', required: true, desired: value }];
  const none = { entries, steps: [], blocked: [], conflicts: [], left: [] };
  // Records of what was tried for an earlier spec.
  const spent = [...memory.keys()].filter((known) => known !== key && known !== refused);
  if (value === undefined || seen.kept === value) return { ...none, spent: [...memory.keys()] };
  const step = (kind: TrialStep['kind'], more: Partial<Step>): TrialStep => {
    const change: Change = { action: 'update', target: 'rules', to: value, scope: 'live', disruption: 'None' };
    return { kind, value, changes: [change], ...more };
  };
  const finding = (parts: Pick<Finding, 'reason' | 'message'> & Partial<Finding>) => ({ target: 'rules', ...parts });
  const rolledBack = finding({ reason: 'Failed', message: `"${value}" was undone: the probe did not confirm it` });
  if (memory.has(refused)) return { ...none, blocked: [rolledBack], spent };
  const absent = { state: 'absent' } as const;
  if (!memory.has(key))
    return { ...none, steps: [step('try', { memos: [{ key, original: absent, wrote: value }] })], spent };
  const undo = step('undo', { memos: [{ key: refused, original: absent }], forgets: [key] });
  // The record without the trial: it expired, or the process died before it began.
  if (seen.candidate !== value || seen.probe === 'bad') return { ...none, steps: [undo], spent };
  if (seen.probe === 'good') return { ...none, steps: [step('confirm', { forgets: [key] })], spent };
  const message = `"${value}" is on trial and will be undone unless it is confirmed`;
  const waiting = finding({ reason: 'AwaitingConfirmation', message, waitsFor: 'confirmation', retryAfterMs: 1000 });
  return { ...none, blocked: [waiting], spent };
}

/** The area; its one entry is the value of the first declared sysctl. */
export const trialArea: Area<string | undefined, Observed, TrialStep> = {
  name: 'sysctls',
  desired: (spec) => spec.sysctls?.[0]?.value,
  observe,
  plan,
  reads: {},
  writesIn: ['/trial'],
  rights: {},
  apply: async (host, { kind, value }) => {
    if (kind === 'try') return host.writeFile(CANDIDATE, value);
    if (kind === 'confirm') await host.writeFile(KEPT, value);
    return host.removeFile(CANDIDATE);
  },
  hints: () => [CANDIDATE, PROBE].map((path) => ({ path, by: 'event' })),
  rival: () => undefined,
  explain: () => undefined,
  verify: () => [],
};
