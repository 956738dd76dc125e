import { describe, expect, test } from 'vitest';
import type { DriftPolicy } from '../../../../src/api/parts/sysctl-entry.ts';
import { setSysctl } from '../../../../src/host/memory/kernel-files.ts';
import { kernelHost, live, passSysctls, persisted, sysctlsSpec } from '../../../support/sysctls-pass.ts';

const swappiness = (value: string, drift: DriftPolicy) => sysctlsSpec([['vm.swappiness', value, { drift }]]);

/** A host on which 10 was applied and an administrator has made it 33 since. */
async function driftedHost(drift: DriftPolicy) {
  const host = kernelHost({ 'vm.swappiness': '60' });
  await passSysctls(host, swappiness('10', drift));
  expect(live(host, 'vm.swappiness')).toBe('10');
  setSysctl(host, 'vm.swappiness', '33');
  return host;
}

describe('drift', () => {
  test('is corrected', async () => {
    const host = await driftedHost('Correct');

    const report = await passSysctls(host, swappiness('10', 'Correct'));

    expect(report.applied).toMatchObject([{ target: 'vm.swappiness', from: '33', to: '10', scope: 'live' }]);
    expect(live(host, 'vm.swappiness')).toBe('10');
  });

  test('is reported and left with Report', async () => {
    const host = await driftedHost('Report');

    const report = await passSysctls(host, swappiness('10', 'Report'));

    expect(report.applied).toEqual([]);
    expect(report.entries).toMatchObject([{ state: 'Drifted', reason: 'LiveDrift', live: '33' }]);
    expect(live(host, 'vm.swappiness')).toBe('33');
    expect(persisted(host)).toEqual(['vm.swappiness = 10']);
  });

  test('is ignored, and shown, with Ignore', async () => {
    const host = await driftedHost('Ignore');

    const report = await passSysctls(host, swappiness('10', 'Ignore'));

    expect(report.drift).toEqual([]);
    expect(report.entries).toMatchObject([{ state: 'InSync', live: '33' }]);
    expect(persisted(host)).toEqual(['vm.swappiness = 10']);
  });

  test.each(['Report', 'Ignore'] as const)('a new value in the spec is applied with %s too', async (drift) => {
    const host = await driftedHost(drift);

    const report = await passSysctls(host, swappiness('20', drift));

    expect(report.remaining).toEqual([]);
    expect(live(host, 'vm.swappiness')).toBe('20');
    expect(persisted(host)).toEqual(['vm.swappiness = 20']);
  });

  test.each(['Report', 'Ignore'] as const)(
    'a crash before the first write does not count as applied with %s',
    async (drift) => {
      const host = kernelHost({ 'vm.swappiness': '60' });
      // The ledger takes two changes; the third is the write of the live value.
      host.dieAfter(2);
      await expect(passSysctls(host, swappiness('10', drift))).resolves.toMatchObject({});
      host.revive();
      expect(live(host, 'vm.swappiness')).toBe('60');

      await passSysctls(host, swappiness('10', drift));

      expect(live(host, 'vm.swappiness')).toBe('10');
    },
  );

  test('of a limit upwards is none', async () => {
    const host = kernelHost({ 'fs.inotify.max_user_watches': '8192' });
    const spec = sysctlsSpec([['fs.inotify.max_user_watches', '524288', { match: 'AtLeast' }]]);
    await passSysctls(host, spec);
    setSysctl(host, 'fs.inotify.max_user_watches', '1048576');

    const report = await passSysctls(host, spec);

    expect(report.drift).toEqual([]);
    expect(live(host, 'fs.inotify.max_user_watches')).toBe('1048576');
  });
});
