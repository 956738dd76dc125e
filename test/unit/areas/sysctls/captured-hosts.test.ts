/** The chain of real Debian machines, read through the host that stands for a directory. */
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { emptySpec } from '../../../../src/api/spec/nodeprep.ts';
import { sysctls } from '../../../../src/areas/sysctls/index.ts';
import { createLinuxHost } from '../../../../src/host/linux/linux-host.ts';
import { sysctlsSpec } from '../../../support/sysctls-pass.ts';

async function look(name: string, spec = emptySpec('Keep')) {
  const host = createLinuxHost({ root: resolve(`test/support/hosts/${name}/root`) });
  const desired = sysctls.desired(spec);
  const observed = await sysctls.observe(host, desired, new AbortController().signal);
  return { observed, plan: sysctls.plan(desired, observed, new Map()), desired };
}

const sourcesOf = async (name: string, key: string) => {
  const { observed, desired } = await look(name);
  return sysctls.explain(key, desired, observed)?.sources.map(({ file, value, wins }) => `${file} ${value} ${wins}`);
};

describe.each(['debian-12', 'debian-13'])('%s', (name) => {
  test('gets pid_max from systemd, and no file of it is odd', async () => {
    expect(await sourcesOf(name, 'kernel.pid_max')).toEqual(['/usr/lib/sysctl.d/50-pid-max.conf 4194304 true']);
    expect((await look(name)).observed.chain.problems).toEqual([]);
  });

  test('needs forwarding live and at boot, and br_netfilter for the bridge', async () => {
    const { plan } = await look(
      name,
      sysctlsSpec([
        ['net.ipv4.ip_forward', '1'],
        ['net.bridge.bridge-nf-call-iptables', '1'],
        ['kernel.pid_max', '65536', { match: 'AtLeast' }],
      ]),
    );

    expect(plan.entries[0]).toMatchObject({ name: 'net.ipv4.ip_forward', live: '0' });
    expect(plan.steps.flatMap((step) => step.changes.map(({ scope, target }) => `${scope} ${target}`))).toEqual([
      'live net.ipv4.ip_forward',
      'persistent net.ipv4.ip_forward',
    ]);
    expect(plan.blocked).toMatchObject([{ target: 'net.bridge.bridge-nf-call-iptables', reason: 'WaitingForModule' }]);
  });
});

test('Debian 12 reads /etc/sysctl.conf through its link, Debian 13 has none', async () => {
  const paths = async (name: string) => (await look(name)).observed.chain.files.map(({ path }) => path);

  expect(await paths('debian-12')).toContain('/etc/sysctl.d/99-sysctl.conf');
  expect(await paths('debian-13')).not.toContain('/etc/sysctl.d/99-sysctl.conf');
});
