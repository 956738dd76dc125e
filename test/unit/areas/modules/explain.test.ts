import { describe, expect, test } from 'vitest';
import { modules } from '../../../../src/areas/modules/index.ts';
import { type MemoryFiles, MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { modprobe } from '../../../../src/host/memory/modprobe.ts';
import { linuxWorld } from '../../../support/linux-world.ts';
import { type Declared, modulesSpec, passModules } from '../../../support/modules-pass.ts';

const look = async (host: MemoryHost, declared: readonly Declared[]) => {
  const desired = modules.desired(modulesSpec(declared));
  return { desired, observed: await modules.observe(host, desired, new AbortController().signal) };
};
const machine = (changes: MemoryFiles = {}) => new MemoryHost(linuxWorld(changes), { behaviours: [modprobe()] });

describe('explain', () => {
  const explain = async (host: MemoryHost, entry: string, declared: readonly Declared[] = []) => {
    const { desired, observed } = await look(host, declared);
    return modules.explain(entry, desired, observed);
  };

  test('knows br_netfilter in either spelling, with the error that people see', async () => {
    const explanation = await explain(machine(), 'br-netfilter', ['br_netfilter']);

    expect(explanation).toMatchObject({ name: 'br_netfilter', desired: 'loaded', live: 'absent' });
    expect(explanation?.symptom).toContain('bridge-nf-call-iptables does not exist');
    expect(explanation?.askedBy.join()).toContain('kubeadm');
    expect(explanation?.memoryKeys).toContain('live:br_netfilter');
    expect(explanation?.changeKeys).toEqual([]);
  });

  test('lists every line that has a say, in reading order, and which of them win', async () => {
    const host = machine({
      '/etc/modules-load.d/10-k8s.conf': 'overlay\nnbd\n',
      '/etc/modprobe.d/a.conf': 'options nbd max_part=1\n',
      '/usr/lib/modprobe.d/b.conf': '\noptions nbd max_part=2\n',
      '/proc/cmdline': 'nbd.max_part=3\n',
    });

    const explanation = await explain(host, 'nbd');

    expect(explanation?.sources.map(({ file, line, value, wins }) => [file, line, value, wins])).toEqual([
      ['/proc/cmdline', undefined, 'nbd.max_part=3', true],
      ['/etc/modprobe.d/a.conf', 1, 'options max_part=1', false],
      ['/usr/lib/modprobe.d/b.conf', 2, 'options max_part=2', true],
      ['/etc/modules-load.d/10-k8s.conf', 2, 'load at boot', true],
    ]);
  });

  test('says that a blacklist beats the list for the boot', async () => {
    const host = machine({ '/etc/modules-load.d/x.conf': 'nbd\n', '/etc/modprobe.d/x.conf': 'blacklist nbd\n' });

    const explanation = await explain(host, 'nbd');

    expect(explanation?.sources.find((source) => source.value === 'load at boot')?.wins).toBe(false);
    expect(explanation?.notes.join()).toContain('blacklisted');
  });

  test('is honest about a module without a text', async () => {
    expect((await explain(machine(), 'virtio_net'))?.why).toContain('no text');
  });

  test.each(['net.ipv4.ip_forward', 'swap', 'no_such_module', '../../etc', '', '__proto__', 'constructor'])(
    'leaves %j to others',
    async (entry) => {
      expect(await explain(machine(), entry)).toBeUndefined();
    },
  );
});

describe('verify', () => {
  const verify = async (host: MemoryHost, declared: readonly Declared[]) => {
    const { desired, observed } = await look(host, declared);
    return modules.verify(desired, observed).map(({ title, outcome }) => [title, outcome]);
  };

  test('passes now and after a boot once the modules were prepared', async () => {
    const host = machine();
    await passModules(host, modulesSpec(['overlay', 'br_netfilter']));

    expect(await verify(host, ['overlay', 'br_netfilter'])).toEqual([
      ['kernel module overlay is loaded', 'pass'],
      ['kernel module overlay is there after a reboot', 'pass'],
      ['kernel module br_netfilter is loaded', 'pass'],
      ['kernel module br_netfilter is there after a reboot', 'pass'],
    ]);
  });

  test('fails for what is required, warns for what is not and for what only the guides ask for', async () => {
    expect(await verify(machine(), ['overlay', { name: 'nbd', required: false }])).toEqual([
      ['kernel module overlay is loaded', 'fail'],
      ['kernel module overlay is there after a reboot', 'fail'],
      ['kernel module nbd is loaded', 'warn'],
      ['kernel module nbd is there after a reboot', 'warn'],
      ['kernel module br_netfilter is loaded (not declared)', 'warn'],
    ]);
  });

  test('passes after a boot by a file of another program, and fails when that is blacklisted', async () => {
    const list = { '/usr/lib/modules-load.d/k8s.conf': 'overlay\n' };
    const blocked = { ...list, '/etc/modprobe.d/x.conf': 'blacklist overlay\n' };

    expect((await verify(machine(list), ['overlay']))[1]?.[1]).toBe('pass');
    expect((await verify(machine(blocked), ['overlay']))[1]?.[1]).toBe('fail');
  });

  test('skips what no kernel can answer', async () => {
    const image = new MemoryHost({}, { kernel: 'absent' });

    expect((await verify(image, ['overlay'])).map(([, outcome]) => outcome)).toEqual(['skip', 'fail', 'skip']);
  });

  test('compares parameters with what the kernel shows', async () => {
    const host = machine({
      '/sys/module/nbd/parameters/max_part': '16\n',
      '/sys/module/nbd/initstate': 'live\n',
      '/proc/modules': 'nbd 1 0 - Live 0x0\n',
    });

    const checks = await verify(host, [{ name: 'nbd', parameters: { max_part: '0x10', nbds_max: '1' } }]);

    expect(checks.slice(2, 4)).toEqual([
      ['parameter max_part of kernel module nbd is 0x10', 'pass'],
      ['parameter nbds_max of kernel module nbd is 1', 'skip'],
    ]);
  });
});

test('hints poll what the kernel shows and watch our files, and nothing when nothing is declared', () => {
  const hints = modules.hints(modules.desired(modulesSpec([{ name: 'nbd', parameters: { 'max-part': '1' } }])));

  expect(hints).toEqual([
    { path: '/etc/modules-load.d/nodeprep.conf', by: 'event' },
    { path: '/etc/modprobe.d/nodeprep.conf', by: 'event' },
    { path: '/sys/module/nbd', by: 'poll' },
    { path: '/sys/module/nbd/parameters/max_part', by: 'poll' },
  ]);
  expect(modules.hints(modules.desired(modulesSpec([])))).toEqual([]);
});

test('a netfilter module that keeps vanishing points at firewalld', () => {
  expect(modules.rival('nf_conntrack')).toContain('firewalld');
  expect(modules.rival('overlay')).toBeUndefined();
});
