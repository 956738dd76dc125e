import { describe, expect, it } from 'vitest';
import { eventsFrom } from '../../../../src/kubernetes/report/derive-events.ts';
import type { NodeReport } from '../../../../src/reconcile/report/node-report.ts';
import { aChange, aCondition, anAreaReport, aNodeReport } from '../../../support/reports.ts';

/** The facts of reports that follow each other. */
function told(...reports: NodeReport[]): string[][] {
  let known: ReadonlySet<string> = new Set();
  return reports.map((report) => {
    const result = eventsFrom(report, known);
    known = result.known;
    return result.facts.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  });
}
const finding = (
  target: string,
  reason: 'SysctlRejected' | 'SwapoffUnsafe' | 'ModuleNotFound' | 'Contested' | 'ApplyFailed',
) => ({
  target,
  reason,
  message: `what is wrong with ${target}`,
});

describe('events', () => {
  it('ask for an approval once for each plan', () => {
    const waiting = (plan: string) => {
      const conditions = [aCondition({ status: 'False', reason: 'AwaitingApproval', message: `approve ${plan}` })];
      const pending = { disruption: 'Restart', plan, changes: [] } as const;
      return aNodeReport({
        conditions,
        status: {
          observedGeneration: 1,
          mode: 'Enforce',
          entries: 0,
          inSyncEntries: 0,
          inSync: '0/0',
          pending,
          conditions,
          areas: [],
        },
      });
    };

    expect(told(waiting('a1'), waiting('a1'), waiting('b2'))).toEqual([
      ['Normal AwaitingApproval approve a1'],
      [],
      ['Normal AwaitingApproval approve b2'],
    ]);
  });

  it('tell what was applied, corrected and disabled, with a few names of many', () => {
    const many = Array.from({ length: 12 }, (_, at) => aChange(`key.${at}`));
    const swap = anAreaReport({ area: 'swap', applied: [aChange('/dev/sda2', { action: 'disable' })] });

    expect(
      told(
        aNodeReport({ areas: [anAreaReport({ applied: many }), swap] }),
        aNodeReport({
          cause: 'poll',
          areas: [anAreaReport({ applied: [aChange('vm.swappiness')] }), swap],
          visited: ['sysctls'],
        }),
        aNodeReport({ cause: 'retry', areas: [anAreaReport({ applied: [aChange('late')] })] }),
      ),
    ).toEqual([
      [
        'Normal Applied sysctls: applied key.0, key.1, key.2, key.3, key.4 and 7 more',
        'Normal SwapDisabled swap: disabled /dev/sda2',
      ],
      ['Normal DriftCorrected sysctls: corrected vm.swappiness'],
      ['Normal Applied sysctls: applied late'],
    ]);
  });

  it('tell a problem when it begins, not with every poll, and again when it comes back', () => {
    const drifted = aNodeReport({ cause: 'poll', areas: [anAreaReport({ remaining: [aChange('a'), aChange('b')] })] });
    const worse = aNodeReport({
      cause: 'poll',
      areas: [anAreaReport({ remaining: [aChange('a'), aChange('b'), aChange('c')] })],
    });
    const fine = aNodeReport({ cause: 'poll' });

    expect(told(drifted, drifted, worse, fine, drifted)).toEqual([
      ['Warning DriftDetected sysctls: a is "0", wanted "1"; b is "0", wanted "1"'],
      [],
      ['Warning DriftDetected sysctls: c is "0", wanted "1"'],
      [],
      ['Warning DriftDetected sysctls: a is "0", wanted "1"; b is "0", wanted "1"'],
    ]);
  });

  it('name the kind of a failure, and what is held off or failed is not told as drift besides', () => {
    const areas = [
      anAreaReport({
        remaining: [aChange('held'), aChange('refused')],
        contested: [finding('held', 'Contested')],
        failures: [finding('refused', 'SysctlRejected'), finding('other', 'ApplyFailed')],
      }),
      anAreaReport({ area: 'modules', blocked: [finding('br_netfilter', 'ModuleNotFound')] }),
      anAreaReport({ area: 'swap', blocked: [finding('/dev/sda2', 'SwapoffUnsafe')] }),
    ];

    expect(told(aNodeReport({ areas }))).toEqual([
      [
        'Warning DriftContested sysctls: what is wrong with held',
        'Warning SysctlRejected sysctls: what is wrong with refused',
        'Warning ModuleLoadFailed modules: what is wrong with br_netfilter',
        'Warning SwapoffSkipped swap: what is wrong with /dev/sda2',
      ],
    ]);
  });

  it('tell once that a boot is needed', () => {
    const needed = aNodeReport({
      conditions: [aCondition({ type: 'RebootRequired', status: 'True', message: 'boot' })],
    });

    expect(told(needed, needed, aNodeReport(), needed)).toEqual([
      ['Normal RebootRequired boot'],
      [],
      [],
      ['Normal RebootRequired boot'],
    ]);
  });
});
