import { describe, expect, test } from 'vitest';
import { emptySpec } from '../../../../src/api/spec/nodeprep.ts';
import { sysctls } from '../../../../src/areas/sysctls/index.ts';
import { explained, kernelHost, passSysctls, sysctlsSpec } from '../../../support/sysctls-pass.ts';

describe('explain', () => {
  test('shows every file that sets a key in order, with the winner', async () => {
    const host = kernelHost(
      { 'net.ipv4.conf.eth0.rp_filter': '1' },
      {
        '/usr/lib/sysctl.d/50-default.conf': '#\nnet.ipv4.conf.*.rp_filter = 2\n',
        '/etc/sysctl.d/60-x.conf': 'net.ipv4.conf.eth0.rp_filter = 1\n',
      },
    );
    const spec = sysctlsSpec([['net.ipv4.conf.eth0.rp_filter', '0']]);
    await passSysctls(host, spec);

    const explanation = await explained(host, spec, 'net/ipv4/conf/eth0/rp_filter');

    expect(explanation?.sources).toEqual([
      { file: '/usr/lib/sysctl.d/50-default.conf', line: 2, value: '2', wins: false, note: 'a pattern' },
      { file: '/etc/sysctl.d/60-x.conf', line: 1, value: '1', wins: false },
      { file: '/etc/sysctl.d/99-zz-nodeprep.conf', line: 5, value: '0', wins: true },
    ]);
    expect(explanation).toMatchObject({ desired: '0', live: '0', memoryKeys: ['live:net.ipv4.conf.eth0.rp_filter'] });
  });

  test('tells the winners of the two readers apart', async () => {
    const files = { '/etc/sysctl.conf': 'vm.swappiness=1\n', '/etc/sysctl.d/a.conf': 'vm.swappiness=2\n' };

    const explanation = await explained(kernelHost({}, files), emptySpec('Keep'), 'vm.swappiness');

    expect(explanation?.sources).toMatchObject([
      { file: '/etc/sysctl.d/a.conf', wins: true, note: 'wins at boot' },
      { file: '/etc/sysctl.conf', wins: true, note: expect.stringContaining('"sysctl --system" only') },
    ]);
  });

  test.each([
    ['net.ipv4.ip_forward', 'FileContent--proc-sys-net-ipv4-ip_forward'],
    ['net.bridge.bridge-nf-call-iptables', 'FileContent--proc-sys-net-bridge-bridge-nf-call-iptables'],
    ['vm.overcommit_memory', 'invalid kernel flag: vm/overcommit_memory, expected value: 1'],
    ['kernel.panic', 'invalid kernel flag: kernel/panic, expected value: 10'],
    ['net.netfilter.nf_conntrack_max', 'table full, dropping packet'],
    ['fs.inotify.max_user_instances', 'too many open files'],
    ['vm.max_map_count', 'vm.max_map_count [65530] is too low'],
  ])('knows the error that people see for %s', async (name, symptom) => {
    expect((await explained(kernelHost({}), emptySpec('Keep'), name))?.symptom).toContain(symptom);
  });

  test('says that swappiness is not "swap off"', async () => {
    const explanation = await explained(kernelHost({}), emptySpec('Keep'), 'vm.swappiness');

    expect(explanation?.notes.join(' ')).toContain('not "swap off"');
  });

  test('claims nothing of a parameter that it does not know', async () => {
    const explanation = await explained(kernelHost({}), emptySpec('Keep'), 'dev.tty.ldisc_autoload');

    expect(explanation?.why).toContain('does not ask for this parameter');
    expect(explanation?.askedBy).toEqual([]);
  });

  test.each(['swap', 'br_netfilter', '../../etc/passwd', 'vm.*', ''])('has nothing to say of "%s"', async (name) => {
    expect(await explained(kernelHost({}), emptySpec('Keep'), name)).toBeUndefined();
  });

  test('says why a parameter may not be declared, without looking at it', async () => {
    const explanation = await explained(kernelHost({ 'vm.drop_caches': '0' }), emptySpec('Keep'), 'vm/drop_caches');

    expect(explanation).toMatchObject({ name: 'vm.drop_caches', sources: [] });
    expect(explanation?.why).toContain('trigger');
    expect(explanation?.live).toBeUndefined();
  });
});

test.each([
  ['net.netfilter.nf_conntrack_max', /kube-proxy/],
  ['vm.overcommit_memory', /kubelet/],
  ['kernel.panic_on_oops', /kubelet/],
  ['net.ipv4.ip_forward', /CNI/],
  ['net.ipv4.conf.all.rp_filter', /CNI/],
  ['net.bridge.bridge-nf-call-iptables', /Docker/],
  ['vm.dirty_ratio', /tuned/],
])('the likely rival for %s is named', (name, rival) => {
  expect(sysctls.rival(name)).toMatch(rival);
});

describe('verify', () => {
  const checks = async (host: ReturnType<typeof kernelHost>, spec: ReturnType<typeof sysctlsSpec>) => {
    const desired = sysctls.desired(spec);
    const found = sysctls.verify(desired, await sysctls.observe(host, desired, new AbortController().signal));
    return found.map(({ title, found: seen, outcome }) => `${outcome}: ${title}: ${seen}`);
  };

  test('looks at the live value and at the next boot', async () => {
    const host = kernelHost({ 'net.ipv4.ip_forward': '0' });
    const spec = sysctlsSpec([['net.ipv4.ip_forward', '1']]);

    expect(await checks(host, spec)).toEqual([
      'fail: net.ipv4.ip_forward is 1: 0',
      'fail: net.ipv4.ip_forward is 1 after a reboot: no file sets it; the kernel decides',
    ]);
    await passSysctls(host, spec);
    expect(await checks(host, spec)).toEqual([
      'pass: net.ipv4.ip_forward is 1: 1',
      'pass: net.ipv4.ip_forward is 1 after a reboot: 1 (/etc/sysctl.d/99-zz-nodeprep.conf:5)',
    ]);
  });

  test('names the file that will undo it, for either reader', async () => {
    const spec = sysctlsSpec([['net.ipv4.ip_forward', '1']]);
    const late = kernelHost({ 'net.ipv4.ip_forward': '1' }, { '/etc/sysctl.d/z.conf': 'net.ipv4.ip_forward=0' });
    const old = kernelHost({ 'net.ipv4.ip_forward': '1' }, { '/etc/sysctl.conf': 'net.ipv4.ip_forward=0' });
    await passSysctls(late, spec);
    await passSysctls(old, spec);

    expect((await checks(late, spec))[1]).toMatch(/^fail: .*0 \(\/etc\/sysctl\.d\/z\.conf:1\)$/);
    expect((await checks(old, spec))[1]).toMatch(/^fail: .*but 0 \(\/etc\/sysctl\.conf:1\)/);
  });

  test('only warns of what is optional, and skips what it cannot see', async () => {
    const host = kernelHost({}, {}, { kernel: 'absent' });
    const optional = sysctlsSpec([['kernel.x', '1', { required: false }]]);

    expect((await checks(kernelHost({}), optional)).every((line) => line.startsWith('warn'))).toBe(true);
    expect((await checks(host, optional))[0]).toMatch(/^skip/);
  });
});

test('hints cover the live values, our files and the whole chain, and nothing when unmanaged', () => {
  const hints = sysctls.hints(sysctls.desired(sysctlsSpec([['net/ipv4/conf/eth0.1/forwarding', '1']])));

  expect(hints).toContainEqual({ path: '/proc/sys/net/ipv4/conf/eth0.1/forwarding', by: 'both' });
  for (const path of [
    '/etc/sysctl.d',
    '/run/sysctl.d',
    '/usr/lib/sysctl.d',
    '/etc/sysctl.conf',
    '/etc/sysctl.d/99-zz-nodeprep.conf',
  ]) {
    expect(hints).toContainEqual({ path, by: 'event' });
  }
  expect(sysctls.hints(sysctls.desired(emptySpec('Keep')))).toEqual([]);
});
