import { describe, expect, test } from 'vitest';
import { emptySpec } from '../../../../src/api/spec/nodeprep.ts';
import { CONF_PATH } from '../../../../src/areas/sysctls/boot-files/own-files.ts';
import { HostFileError } from '../../../../src/host/errors.ts';
import { setSysctl } from '../../../../src/host/memory/kernel-files.ts';
import { LEDGER_PATH } from '../../../../src/reconcile/ledger/ledger.ts';
import {
  changeLines,
  kernelHost,
  live,
  memoryOf,
  passSysctls,
  persisted,
  planOf,
  sysctlsSpec,
} from '../../../support/sysctls-pass.ts';
import { inUse, reboot } from '../../../support/records.ts';

const keep = emptySpec('Keep');
const restore = emptySpec('Restore');

/** A host on which NodePrep has set swappiness from 60 to 10. */
async function managedHost() {
  const host = kernelHost({ 'vm.swappiness': '60', 'net.ipv4.ip_forward': '0' });
  await passSysctls(host, sysctlsSpec([['vm.swappiness', '10']]));
  return host;
}

describe('removing everything', () => {
  test('with Keep leaves the live value, and says so', async () => {
    const host = await managedHost();

    const report = await passSysctls(host, keep);

    expect(live(host, 'vm.swappiness')).toBe('10');
    expect(host.text(CONF_PATH)).toBeUndefined();
    expect(report.left).toMatchObject([{ target: 'vm.swappiness' }]);
    expect(report.left[0]?.message).toContain('deletionPolicy is Keep; its original value is "60"');
    expect(inUse(await memoryOf(host))).toEqual([]);
    expect((await planOf(host, keep)).steps).toEqual([]);
  });

  test('with Restore puts the original back', async () => {
    const host = await managedHost();

    const report = await passSysctls(host, restore);

    expect(live(host, 'vm.swappiness')).toBe('60');
    expect(host.text(CONF_PATH)).toBeUndefined();
    expect(report.left).toEqual([]);
    expect(report.remaining).toEqual([]);
    expect((await memoryOf(host)).size).toBe(0);
  });

  test('with Restore leaves a value that another program has changed since', async () => {
    const host = await managedHost();
    setSysctl(host, 'vm.swappiness', '33');

    const report = await passSysctls(host, restore);

    expect(live(host, 'vm.swappiness')).toBe('33');
    expect(report.left[0]?.message).toContain('another program or a person has changed it to "33"');
    expect((await memoryOf(host)).size).toBe(0);
  });

  test.each([
    ['net.ipv4.ip_forward', '0', '1'],
    ['net.ipv6.conf.all.forwarding', '0', '1'],
    ['net.ipv4.conf.eth0.forwarding', '0', '1'],
    ['net.ipv4.conf.all.rp_filter', '2', '0'],
    ['net.bridge.bridge-nf-call-iptables', '0', '1'],
    ['net.netfilter.nf_conntrack_max', '1000', '2000'],
    ['net.nf_conntrack_max', '1000', '2000'],
    ['kernel.panic', '0', '10'],
    ['kernel.panic_on_oops', '0', '1'],
    ['vm.panic_on_oom', '1', '0'],
    ['vm.overcommit_memory', '0', '1'],
  ])('never puts %s back on a running node', async (name, before, wanted) => {
    const host = kernelHost({ [name]: before });
    await passSysctls(host, sysctlsSpec([[name, wanted]]));

    const report = await passSysctls(host, restore);

    expect(live(host, name)).toBe(wanted);
    expect(report.left[0]?.message).toContain(`its original value is "${before}"`);
    expect(host.text(CONF_PATH)).toBeUndefined();
    expect(inUse(await memoryOf(host))).toEqual([]);
  });

  test('leaves nothing to say of values that were right before us', async () => {
    const host = kernelHost({ 'vm.swappiness': '10' });
    await passSysctls(host, sysctlsSpec([['vm.swappiness', '10']]));

    const report = await passSysctls(host, restore);

    expect(report.left).toEqual([]);
    expect(live(host, 'vm.swappiness')).toBe('10');
    expect((await memoryOf(host)).size).toBe(0);
  });

  test('says that the original is unknown when the ledger was lost', async () => {
    const host = await managedHost();
    host.put(LEDGER_PATH, undefined);

    const report = await passSysctls(host, restore);

    expect(live(host, 'vm.swappiness')).toBe('10');
    expect(report.left[0]?.message).toContain('record of originals was lost');
    expect(host.text(CONF_PATH)).toBeUndefined();
  });

  test('never restores what could not be read before', async () => {
    const secret = 'net.ipv6.conf.default.stable_secret';
    const host = kernelHost({ [secret]: '' }, {}, { secret: [secret] });
    await passSysctls(host, sysctlsSpec([[secret, '2001:db8::1']]));

    const report = await passSysctls(host, restore);

    expect(live(host, secret)).toMatch(/^2001:0db8:.*:0001$/);
    expect(report.left).toMatchObject([{ target: secret }]);
    expect((await memoryOf(host)).size).toBe(0);
  });

  test('restores a value that was written live and never persisted', async () => {
    const files = { '/usr/lib/sysctl.d/50-swappiness.conf': 'vm.swappiness = 80\n' };
    const host = kernelHost({ 'vm.swappiness': '10' }, files);
    await passSysctls(host, sysctlsSpec([['vm.swappiness', '60', { match: 'AtLeast' }]]));

    await passSysctls(host, restore);

    expect(live(host, 'vm.swappiness')).toBe('10');
    expect((await memoryOf(host)).size).toBe(0);
  });

  test.each([
    ['kernel.pid_max', '32768', '65536'],
    ['fs.file-max', '1000', '2000'],
    ['fs.inotify.max_user_watches', '8192', '524288'],
    ['vm.nr_hugepages', '0', '16'],
    ['net.core.rmem_max', '212992', '26214400'],
    ['net.ipv4.tcp_rmem', '4096 131072 6291456', '4096 262144 6291456'],
    ['fs.pipe-user-pages-soft', '100', '0'],
  ])('leaves the raised limit %s to the next boot', async (name, original, raised) => {
    const host = kernelHost({ [name]: original });
    await passSysctls(host, sysctlsSpec([[name, raised]]));

    const report = await passSysctls(host, restore);

    expect(live(host, name)?.replaceAll('\t', ' ')).toBe(raised);
    expect(report.left).toMatchObject([{ target: name, reason: 'NextBoot' }]);
    expect(report.left[0]?.message).toContain('limit');
    expect((await memoryOf(host)).get(`live:${name}`)?.original).toEqual({ state: 'value', value: original });
    expect(persisted(host)).toBeUndefined();
  });

  test('raises a limit again that was lowered', async () => {
    const host = kernelHost({ 'kernel.pid_max': '65536', 'fs.pipe-user-pages-soft': '0' });
    await passSysctls(
      host,
      sysctlsSpec([
        ['kernel.pid_max', '32768'],
        ['fs.pipe-user-pages-soft', '100'],
      ]),
    );

    await passSysctls(host, restore);

    expect(live(host, 'kernel.pid_max')).toBe('65536');
    expect(live(host, 'fs.pipe-user-pages-soft')).toBe('0');
  });

  test.each([
    ['net.ipv6.conf.all.disable_ipv6', '1', '0'],
    ['net.ipv6.conf.eth0.accept_ra', '0', '2'],
    ['net.ipv4.conf.all.arp_ignore', '0', '1'],
    ['net.ipv4.conf.eth0.arp_announce', '2', '0'],
    ['net.ipv4.neigh.default.gc_thresh3', '1024', '8192'],
    ['net.ipv4.vs.conntrack', '0', '1'],
    ['net.ipv6.conf.eth0.mtu', '1500', '1400'],
    ['net.ipv4.ip_nonlocal_bind', '0', '1'],
    ['net.ipv6.neigh.default.gc_thresh1', '8192', '128'],
    ['net.ipv4.ip_unprivileged_port_start', '0', '1024'],
  ])('never puts %s back on a running node', async (name, original, declared) => {
    const host = kernelHost({ [name]: original });
    await passSysctls(host, sysctlsSpec([[name, declared]]));

    const report = await passSysctls(host, restore);

    expect(live(host, name)).toBe(declared);
    expect(report.left).toMatchObject([{ target: name }]);
  });

  test('puts back what another program had in a file of our name, byte for byte', async () => {
    const theirs = { '/etc/sysctl.d/99-zz-nodeprep.conf': 'vm.swappiness = 5 # gr\u00fcn\r\n' };
    const host = kernelHost({ 'vm.swappiness': '60' }, theirs);
    await passSysctls(host, sysctlsSpec([['vm.swappiness', '10']]));
    expect(persisted(host)).toEqual(['vm.swappiness = 10']);

    await passSysctls(host, restore);

    expect(host.text(CONF_PATH)).toBe('vm.swappiness = 5 # gr\u00fcn\r\n');
    expect((await planOf(host, restore)).steps).toEqual([]);
    expect((await memoryOf(host)).size).toBe(0);
  });

  test('does not touch a file of our name that is not ours', async () => {
    const host = kernelHost({ 'vm.swappiness': '60' }, { [CONF_PATH]: 'vm.swappiness = 5\n' });

    expect((await planOf(host, restore)).steps).toEqual([]);
  });
});

describe('removing one of several', () => {
  test('takes its line and puts its value back, and leaves the others', async () => {
    const host = kernelHost({ 'vm.swappiness': '60', 'vm.max_map_count': '65530' });
    const more = { deletionPolicy: 'Restore' } as const;
    await passSysctls(
      host,
      sysctlsSpec(
        [
          ['vm.swappiness', '10'],
          ['vm.max_map_count', '262144'],
        ],
        more,
      ),
    );
    const spec = sysctlsSpec([['vm.max_map_count', '262144']], more);

    expect(changeLines(await planOf(host, spec))).toEqual([
      'persistent delete vm.swappiness: 10 -> -',
      'live update vm.swappiness: 10 -> 60',
    ]);
    await passSysctls(host, spec);

    expect(persisted(host)).toEqual(['vm.max_map_count = 262144']);
    expect([...(await memoryOf(host)).keys()].toSorted()).toEqual([`file:${CONF_PATH}`, 'live:vm.max_map_count']);
  });
});

test('a value stays, and its original is kept, as long as our file cannot be removed', async () => {
  const host = await managedHost();
  // The ledger is written first, when there is something to remember.
  host.failOn(1, new HostFileError('remove', CONF_PATH, 'EROFS', 'the file system is mounted read-only'));

  const refused = await passSysctls(host, restore);

  expect(refused.failures).toMatchObject([{ target: 'vm.swappiness' }]);
  expect([live(host, 'vm.swappiness'), persisted(host)]).toEqual(['10', ['vm.swappiness = 10']]);
  await passSysctls(host, restore);
  expect([live(host, 'vm.swappiness'), host.text(CONF_PATH)]).toEqual(['60', undefined]);
});

test('a value that our file does not have is given back although the file cannot be written', async () => {
  const host = kernelHost({ 'vm.swappiness': '60', 'vm.max_map_count': '65530' });
  const both = [
    ['vm.swappiness', '10'],
    ['vm.max_map_count', '262144'],
  ] as const;
  const more = { deletionPolicy: 'Restore' } as const;
  // Our directory is a file of an administrator: nothing can be written below it.
  host.put('/etc/sysctl.d', 'in the way');
  await passSysctls(host, sysctlsSpec(both, more));
  expect([live(host, 'vm.swappiness'), host.text(CONF_PATH)]).toEqual(['10', undefined]);

  const report = await passSysctls(host, sysctlsSpec([['vm.max_map_count', '262144']], more));

  expect(report.failures).toMatchObject([{ target: 'vm.max_map_count' }]);
  expect(live(host, 'vm.swappiness')).toBe('60');
});

test('the first original wins over later values of ours', async () => {
  const host = await managedHost();
  await passSysctls(host, sysctlsSpec([['vm.swappiness', '20']]));
  await passSysctls(host, sysctlsSpec([['vm.swappiness', '30']]));

  await passSysctls(host, restore);

  expect(live(host, 'vm.swappiness')).toBe('60');
});

test('a ledger with a name that leaves /proc/sys is emptied and followed nowhere', async () => {
  const host = await managedHost();
  const ledger = JSON.parse(host.text(LEDGER_PATH) ?? '');
  for (const name of ['../../etc/passwd', 'vm.drop_caches', 'kernel.core_pattern']) {
    ledger.areas.sysctls[`live:${name}`] = { ...ledger.areas.sysctls['live:vm.swappiness'], key: `live:${name}` };
  }
  host.put(LEDGER_PATH, JSON.stringify(ledger));
  host.put('/proc/sys/vm/drop_caches', '10\n');
  host.put('/etc/passwd', '10\n');

  await passSysctls(host, restore);

  expect(host.text('/etc/passwd')).toBe('10\n');
  expect(host.text('/proc/sys/vm/drop_caches')).toBe('10\n');
  expect((await memoryOf(host)).size).toBe(0);
});

describe('an original is known until the reboot', () => {
  test('to another policy, also when the entry came back meanwhile', async () => {
    const host = await managedHost();
    await passSysctls(host, keep);
    await passSysctls(host, sysctlsSpec([['vm.swappiness', '20']]));
    await passSysctls(host, keep);

    await passSysctls(host, restore);

    expect(live(host, 'vm.swappiness')).toBe('60');
    expect((await memoryOf(host)).size).toBe(0);
  });

  test('and not longer, when the boot has set another value', async () => {
    const host = await managedHost();
    reboot(host, 'first');
    await passSysctls(host, keep);
    reboot(host, 'second');
    setSysctl(host, 'vm.swappiness', '30');

    expect((await passSysctls(host, restore)).left).toEqual([]);
    expect((await memoryOf(host)).size).toBe(0);
    await passSysctls(host, sysctlsSpec([['vm.swappiness', '10']]));
    await passSysctls(host, restore);

    expect(live(host, 'vm.swappiness')).toBe('30');
  });

  test('and for ever when the entry is declared again', async () => {
    const host = await managedHost();
    reboot(host, 'first');
    await passSysctls(host, keep);
    await passSysctls(host, sysctlsSpec([['vm.swappiness', '10']]));
    reboot(host, 'second');

    await passSysctls(host, restore);

    expect(live(host, 'vm.swappiness')).toBe('60');
  });
});
