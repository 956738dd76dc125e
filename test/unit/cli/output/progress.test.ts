import { describe, expect, it } from 'vitest';
import type { Io } from '../../../../src/cli/io.ts';
import { progressFor } from '../../../../src/cli/output/progress.ts';
import { aChange } from '../../../support/reports.ts';

const IO: Pick<Io, 'color' | 'columns'> = { color: false, columns: 120 };

function written(tell: (progress: ReturnType<typeof progressFor>) => void): string {
  let out = '';
  tell(progressFor(IO as Io, (text) => (out += text)));
  return out;
}

describe('the progress of a command', () => {
  it('names the changes that were made', () => {
    const changes = [aChange('net.ipv4.ip_forward')] as const;

    expect(written(({ onStep }) => onStep({ type: 'applied', area: 'sysctls', changes }, 'start'))).toContain(
      'sysctls: update net.ipv4.ip_forward',
    );
  });

  it('has no line for a step that found nothing left to do', () => {
    expect(written(({ onStep }) => onStep({ type: 'applied', area: 'sysctls', changes: [] }, 'start'))).toBe('');
  });

  it('tells what three steps have in common once', () => {
    const failed = (target: string) => ({
      type: 'failed' as const,
      area: 'modules' as const,
      changes: [aChange(target)] as const,
      finding: { target, reason: 'HostUnsupported' as const, message: `Cannot load "${target}": no modprobe here` },
    });

    const out = written(({ onStep }) =>
      ['overlay', 'br_netfilter', 'vxlan'].map(failed).forEach((one) => onStep(one, 'start')),
    );

    expect(out.match(/no modprobe here/g)).toHaveLength(1);
    expect(out.match(/HostUnsupported, as above/g)).toHaveLength(2);
  });
});
