import { describe, expect, it } from 'vitest';
import type { Condition, ConditionType } from '../../../../src/api/status/conditions.ts';
import type { Change } from '../../../../src/areas/area.ts';
import { type ConditionInput, conditionsFrom } from '../../../../src/reconcile/report/conditions.ts';
import type { AreaReport, EntryReport } from '../../../../src/reconcile/report/report.ts';
import { anAreaReport } from '../../../support/reports.ts';

const change: Change = {
  action: 'update',
  target: 'vm.swappiness',
  from: '60',
  to: '10',
  scope: 'live',
  disruption: 'None',
};
const entry: EntryReport = { name: 'vm.swappiness', required: true, desired: '10', live: '10', state: 'InSync' };

function report(parts: Partial<AreaReport> = {}): AreaReport {
  return anAreaReport({ entries: [entry], seconds: 0, ...parts });
}

function conditions(
  reports: readonly AreaReport[],
  parts: Partial<ConditionInput> = {},
): Record<ConditionType, Condition> {
  const now = new Date('2026-11-21T10:00:00.123Z');
  const list = conditionsFrom({ reports, previous: [], generation: 7, now, kernel: 'running', ...parts });
  return Object.fromEntries(list.map((condition) => [condition.type, condition])) as Record<ConditionType, Condition>;
}

const differing = (state: EntryReport['state'], parts: Partial<EntryReport> = {}) => ({
  ...entry,
  state,
  message: 'because',
  ...parts,
});

describe('conditions', () => {
  it('claim nothing good of an area that could not be read', () => {
    const failures = [{ target: 'sysctls', reason: 'PermissionDenied', message: 'Cannot read "/proc/sys"' }] as const;
    const unseen = report({ entries: [], failures, error: new Error('denied'), isUnseen: true });
    const all = conditions([report({ area: 'modules' }), unseen]);

    for (const type of ['Drifted', 'Conflicting', 'RebootRequired', 'SysctlsReady'] as const)
      expect(all[type]).toMatchObject({ type, status: 'Unknown', reason: 'PermissionDenied' });
    expect(all.Drifted.message).toContain('Cannot read "/proc/sys"');
    expect([all.Ready.status, all.Degraded.status, all.ModulesReady.status]).toEqual(['False', 'True', 'True']);
  });

  it('say Ready when everything is in sync, with the generation that was observed', () => {
    const { Ready, Degraded, Drifted, Conflicting, RebootRequired, SysctlsReady } = conditions([report()]);

    expect(Ready).toMatchObject({ status: 'True', reason: 'AsExpected', observedGeneration: 7 });
    expect([Degraded.status, Drifted.status, Conflicting.status, RebootRequired.status]).toEqual([
      'False',
      'False',
      'False',
      'False',
    ]);
    expect(SysctlsReady.status).toBe('True');
  });

  it('write times as Kubernetes does, without fractions', () => {
    expect(conditions([report()]).Ready.lastTransitionTime).toBe('2026-11-21T10:00:00Z');
  });

  it('keep the transition time while only reason and message change', () => {
    const before = conditions([report({ entries: [differing('Drifted')], remaining: [change] })]);
    const later = new Date('2026-11-21T11:00:00Z');

    const after = conditions([report({ entries: [differing('Failed', { reason: 'SysctlRejected' })] })], {
      previous: Object.values(before),
      now: later,
    });

    expect(after.Ready.reason).not.toBe(before.Ready.reason);
    expect(after.Ready.lastTransitionTime).toBe(before.Ready.lastTransitionTime);
    expect(after.SysctlsReady.lastTransitionTime).toBe(before.SysctlsReady.lastTransitionTime);
    expect(after.Drifted.lastTransitionTime).toBe('2026-11-21T11:00:00Z');
  });

  it.each([
    ['Failed', 'ApplyFailed'],
    ['Blocked', 'ApplyFailed'],
    ['Conflicting', 'Conflict'],
    ['Drifted', 'DriftDetected'],
  ] as const)('are not Ready when a required entry is %s', (state, reason) => {
    expect(conditions([report({ entries: [differing(state)] })]).Ready).toMatchObject({ status: 'False', reason });
  });

  it('stay Ready when only entries that are not required differ, and say so', () => {
    const { Ready, SysctlsReady } = conditions([
      report({ entries: [entry, differing('Blocked', { required: false })] }),
    ]);

    expect(Ready).toMatchObject({ status: 'True', reason: 'AsExpected' });
    expect(Ready.message).toContain('not required');
    expect(SysctlsReady.status).toBe('True');
  });

  it('show drift that is only audited as Auditing', () => {
    const { Ready, Drifted } = conditions([
      report({ mode: 'Audit', entries: [differing('Drifted')], remaining: [change] }),
    ]);

    expect(Ready).toMatchObject({ status: 'False', reason: 'Auditing' });
    expect(Drifted).toMatchObject({ status: 'True', reason: 'LiveDrift' });
  });

  it('say that swap is active again, not only that something drifted', () => {
    const swapon = { ...change, action: 'disable', target: '/dev/vda2' } as const;

    expect(conditions([report({ area: 'swap', remaining: [swapon] })]).Drifted.reason).toBe('SwapReenabled');
  });

  it('ask for a boot with the reason of the step that waits for it', () => {
    const { Ready, RebootRequired } = conditions([
      report({ deferred: [{ change, why: 'boot', reason: 'ModuleParameters' }] }),
    ]);

    expect(RebootRequired).toMatchObject({ status: 'True', reason: 'ModuleParameters' });
    expect(Ready).toMatchObject({ status: 'False', reason: 'RebootRequired' });
  });

  it('call an image ready only after its boot', () => {
    const { Ready, RebootRequired } = conditions([report()], { kernel: 'absent' });

    expect(Ready).toMatchObject({ status: 'False', reason: 'RebootRequired' });
    expect(RebootRequired).toMatchObject({ status: 'True', reason: 'NextBoot' });
  });

  it('know nothing of areas that are paused or not declared', () => {
    const paused = conditions([report({ mode: 'Paused', entries: [] })]);
    const unmanaged = conditions([report({ managed: false, entries: [] })]);

    expect(paused.Ready).toMatchObject({ status: 'Unknown', reason: 'Paused' });
    expect(paused.SysctlsReady).toMatchObject({ status: 'Unknown', reason: 'Paused' });
    expect(paused.Drifted).toMatchObject({ status: 'Unknown', reason: 'Paused' });
    expect(paused.Conflicting).toMatchObject({ status: 'Unknown', reason: 'Paused' });
    expect(paused.RebootRequired).toMatchObject({ status: 'Unknown', reason: 'Paused' });
    expect(unmanaged).not.toHaveProperty('SysctlsReady');
    expect(unmanaged.Ready.status).toBe('True');
  });

  it('put the entry that gives the reason of an area first in its message', () => {
    const entries = [
      differing('Failed', { name: 'optional', required: false, message: 'optional fails' }),
      ...['a', 'b', 'c'].map((name) => differing('Pending', { name, message: `${name} waits` })),
      differing('Blocked', { name: 'd', reason: 'SysctlUnsupported', message: 'd is unknown here' }),
    ];

    const { SysctlsReady } = conditions([report({ entries })]);

    expect(SysctlsReady.reason).toBe('SysctlUnsupported');
    expect(SysctlsReady.message).toMatch(/^d is unknown here/);
  });

  it('are degraded by a refused spec while the last good one is enforced', () => {
    const { Degraded, Ready } = conditions([report()], { refused: 'nodeprep.yaml:3:1: bad' });

    expect(Degraded).toMatchObject({ status: 'True', reason: 'SpecInvalid' });
    expect(Degraded.message).toContain('nodeprep.yaml:3:1');
    expect(Ready.status).toBe('True');
  });

  it('say that nobody declares anything, unless something of ours could not be taken back', () => {
    const absent = 'The NodePrep was deleted.';

    expect(conditions([report({ managed: false })], { absent }).Ready).toMatchObject({
      status: 'Unknown',
      reason: 'NoSpec',
      message: absent,
    });
    const failures = [{ target: 'a', reason: 'ApplyFailed', message: 'no' } as const];
    expect(conditions([report({ managed: false, failures })], { absent }).Ready.reason).toBe('ApplyFailed');
  });

  it('name what the cluster keeps as others wrote it, and what this release does not know', () => {
    const { Conflicting, Ready } = conditions([report()], {
      ownedElsewhere: 'mode (team)',
      ignored: ['spec.firewall'],
    });

    expect(Conflicting).toMatchObject({ status: 'True', reason: 'FieldOwnedElsewhere', message: 'mode (team)' });
    expect(Ready.status).toBe('True');
    expect(Ready.message).toContain('Ignored, because this release does not know it: spec.firewall.');
  });

  it('wait for a module without giving up', () => {
    const waiting = { target: 'net.bridge.x', reason: 'WaitingForModule', message: 'waits', transient: true } as const;

    expect(conditions([report({ blocked: [waiting] })]).Progressing).toMatchObject({
      status: 'True',
      reason: 'WaitingForModule',
    });
  });

  it('bound messages however much is wrong', () => {
    const many = Array.from(
      { length: 500 },
      (_, n) => ({ target: `key.${n}`, reason: 'SysctlRejected', message: 'x'.repeat(900) }) as const,
    );

    for (const { message } of Object.values(conditions([report({ failures: many })])))
      expect(message.length).toBeLessThanOrEqual(1024);
  });

  it('name the program that fights over a value', () => {
    const fight = { target: 'vm.swappiness', reason: 'Contested', message: 'probably tuned' } as const;

    expect(conditions([report({ contested: [fight] })]).Conflicting).toMatchObject({
      status: 'True',
      reason: 'Contested',
    });
  });
});
