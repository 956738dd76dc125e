import { describe, expect, test } from 'vitest';
import { kernelHost, live, passSysctls, persisted, sysctlsSpec } from '../../../support/sysctls-pass.ts';

describe('a choice that no loaded module brings', () => {
  const CONGESTION = 'net.ipv4.tcp_congestion_control';
  const spec = sysctlsSpec([[CONGESTION, 'bbr']]);

  // Measured: the kernel answers ENOENT to an unknown congestion control and queueing discipline.
  test('is refused as a value, not as a parameter that is gone', async () => {
    const host = kernelHost({ [CONGESTION]: 'cubic' }, {}, { refused: { [CONGESTION]: 'ENOENT' } });

    const report = await passSysctls(host, spec);

    expect(report.failures).toMatchObject([{ target: CONGESTION, reason: 'SysctlRejected' }]);
    expect(report.failures[0]?.message).toMatch(/"bbr".*no such choice.*stays at "cubic".*spec\.modules/);
    expect(report.failures[0]?.transient).not.toBe(true);
    expect(live(host, CONGESTION)).toBe('cubic');
    expect(persisted(host)).toBeUndefined();
  });
});
