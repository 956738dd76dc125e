import { describe, expect, test } from 'vitest';
import { HostFileError } from '../../../../src/host/errors.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { modprobe } from '../../../../src/host/memory/modprobe.ts';
import { linuxWorld, RELEASE } from '../../../support/linux-world.ts';
import { changeLines, modulesSpec, passModules, planOf } from '../../../support/modules-pass.ts';
import { reboot } from '../../../support/records.ts';

const LIST = '/etc/modules-load.d/nodeprep.conf';
const OPTIONS = '/etc/modprobe.d/nodeprep.conf';
const HEADER =
  '# Owned by NodePrep, which overwrites edits of this file.\n# Declare kernel modules in /etc/nodeprep/nodeprep.yaml, under spec.modules.\n';

const parameters = {
  nbd: { max_part: { value: '0' }, nbds_max: { value: '16' } },
  nf_conntrack: { hashsize: { value: '65536', writable: true }, acct: { value: 'N', writable: true } },
};
const machine = (changes: Parameters<typeof linuxWorld>[0] = {}) =>
  new MemoryHost(linuxWorld(changes), { behaviours: [modprobe({ parameters })] });

describe('declared modules', () => {
  test('are loaded now and listed for the boot', async () => {
    const host = machine();

    const report = await passModules(host, modulesSpec(['overlay', 'br_netfilter']));

    expect(host.text('/sys/module/overlay/initstate')).toBe('live\n');
    expect(host.text('/proc/sys/net/bridge/bridge-nf-call-iptables')).toBe('1\n');
    expect(host.text(LIST)).toBe(`${HEADER}overlay\nbr_netfilter\n`);
    expect(host.text(OPTIONS)).toBeUndefined();
    expect(report.entries.map((entry) => entry.state)).toEqual(['InSync', 'InSync']);
    expect(report.remaining).toEqual([]);
  });

  test('are planned as one live and one persistent change each', async () => {
    expect(changeLines(await planOf(machine(), modulesSpec(['overlay'])))).toEqual([
      'live load overlay: absent -> loaded',
      'persistent create overlay: - -> loaded at boot',
    ]);
  });

  test('need nothing a second time', async () => {
    const host = machine();
    await passModules(host, modulesSpec(['overlay', { name: 'nbd', parameters: { max_part: '8' } }]));
    const before = host.mutations;

    const report = await passModules(host, modulesSpec(['overlay', { name: 'nbd', parameters: { max_part: '8' } }]));

    expect(report.drift).toEqual([]);
    expect(host.mutations).toBe(before);
  });

  test('that are in the file but not loaded are only loaded', async () => {
    const host = machine({ [LIST]: `${HEADER}overlay\n` });

    expect(changeLines(await planOf(host, modulesSpec(['overlay'])))).toEqual(['live load overlay: absent -> loaded']);
  });

  test('that are loaded but not in the file are only listed', async () => {
    const host = machine({ '/sys/module/overlay/initstate': 'live\n', '/proc/modules': 'overlay 1 0 - Live 0x0\n' });

    expect(changeLines(await planOf(host, modulesSpec(['overlay'])))).toEqual([
      'persistent create overlay: - -> loaded at boot',
    ]);
  });

  test('that a file of the distribution lists are listed by us, too, and that file stays as it is', async () => {
    const host = machine({ '/usr/lib/modules-load.d/k8s.conf': 'overlay\n' });

    await passModules(host, modulesSpec(['overlay']));

    expect(host.text(LIST)).toBe(`${HEADER}overlay\n`);
    expect(host.text('/usr/lib/modules-load.d/k8s.conf')).toBe('overlay\n');
  });

  test('that are built in are not loaded', async () => {
    const host = machine();

    const report = await passModules(host, modulesSpec(['ext4']));

    expect(report.applied.map((change) => change.action)).toEqual(['create']);
    expect(report.entries[0]).toMatchObject({ live: 'built-in', state: 'InSync' });
  });

  test('are found built in below /usr/lib/modules, too', async () => {
    const host = machine({ [`/usr/lib/modules/6.9/modules.builtin`]: 'kernel/fs/overlayfs/overlay.ko\n' });
    host.put('/proc/sys/kernel/osrelease', '6.9\n');

    expect((await planOf(host, modulesSpec(['overlay']))).entries[0]?.live).toBe('built-in');
  });

  test('that sysfs shows without ever having been loaded are built in, and not listed for modprobe', async () => {
    const host = machine({ '/sys/module/zswap/parameters/enabled': 'N\n' });

    const plan = await planOf(host, modulesSpec(['zswap']));

    expect(plan.entries[0]?.live).toBe('built-in');
    expect(plan.steps).toEqual([]);
  });

  test('under an alias count as present when the module behind it is', async () => {
    const host = machine();

    const report = await passModules(host, modulesSpec(['ip_conntrack']));

    expect(host.text('/sys/module/nf_conntrack/initstate')).toBe('live\n');
    expect(report.entries[0]).toMatchObject({ name: 'ip_conntrack', live: 'loaded', state: 'InSync' });
    expect((await passModules(host, modulesSpec(['ip_conntrack']))).drift).toEqual([]);
  });

  test('are loaded again when an administrator unloads them', async () => {
    const host = machine();
    await passModules(host, modulesSpec(['overlay']));
    host.put('/sys/module/overlay', undefined);
    host.put('/proc/modules', '');
    host.put('/proc/filesystems', 'nodev\tproc\n');

    const report = await passModules(host, modulesSpec(['overlay']));

    expect(report.drift.map((change) => change.action)).toEqual(['load']);
    expect(host.text('/sys/module/overlay/initstate')).toBe('live\n');
  });

  test('do not hinder each other: one that fails leaves the others in place', async () => {
    const host = new MemoryHost(linuxWorld(), { behaviours: [modprobe({ unsigned: ['nbd'] })] });

    const report = await passModules(host, modulesSpec(['nbd', 'overlay', 'no_such_module']));

    expect(report.entries.map((entry) => [entry.name, entry.state, entry.reason])).toEqual([
      ['nbd', 'Failed', 'ModuleBlocked'],
      ['overlay', 'InSync', undefined],
      ['no_such_module', 'Blocked', 'ModuleNotFound'],
    ]);
    expect(host.text(LIST)).toBe(`${HEADER}overlay\n`);
  });

  test('are never listed for the boot when this kernel refused them', async () => {
    const host = new MemoryHost(linuxWorld(), { behaviours: [modprobe({ unsigned: ['nbd'] })] });

    const report = await passModules(host, modulesSpec(['nbd']));

    expect(host.text(LIST)).toBeUndefined();
    expect(report.applied).toEqual([]);
  });
});

describe('a kernel without loadable modules', () => {
  const kernel = () => {
    const host = machine({ '/proc/sys/net/bridge/bridge-nf-call-iptables': '0\n', '/proc/filesystems': '\toverlay\n' });
    host.put('/proc/modules', undefined);
    host.put('/lib/modules', undefined);
    return host;
  };

  test('has what its effects show, and nothing is loaded or listed', async () => {
    const plan = await planOf(kernel(), modulesSpec(['br_netfilter', 'overlay']));

    expect(plan.entries.map((entry) => entry.live)).toEqual(['present (effect)', 'present (effect)']);
    expect(plan.steps).toEqual([]);
    expect(plan.blocked).toEqual([]);
  });

  test('lacks the rest, which is said and not tried', async () => {
    const plan = await planOf(kernel(), modulesSpec(['nbd']));

    expect(plan.steps).toEqual([]);
    expect(plan.blocked).toMatchObject([{ target: 'nbd', reason: 'HostUnsupported' }]);
    expect(plan.blocked[0]?.message).toContain('without loadable modules');
  });
});

describe('parameters', () => {
  const nbd = modulesSpec([{ name: 'nbd', parameters: { max_part: '8', nbds_max: '4' } }]);

  test('are on disk before the module is loaded, so that it starts with them', async () => {
    const host = machine();

    const report = await passModules(host, nbd);

    expect(host.text(OPTIONS)).toBe(`${HEADER}options nbd max_part=8 nbds_max=4\n`);
    expect(host.text('/sys/module/nbd/parameters/max_part')).toBe('8\n');
    expect(report.entries[0]).toMatchObject({ state: 'InSync', desired: 'loaded, max_part=8 nbds_max=4' });
  });

  test('keep the module from being loaded without them when they cannot be written', async () => {
    const host = machine();
    // The ledger takes the first two changes; the third is our options file.
    host.failOn(3, new HostFileError('write', OPTIONS, 'EROFS', 'read-only file system'));

    const report = await passModules(host, nbd);

    expect(host.text('/sys/module/nbd/initstate')).toBeUndefined();
    expect(report.entries[0]).toMatchObject({ state: 'Failed', reason: 'PermissionDenied' });
  });

  test('that the running module takes are written in place', async () => {
    const host = machine();
    await passModules(host, modulesSpec(['nf_conntrack']));
    const spec = modulesSpec([{ name: 'nf_conntrack', parameters: { hashsize: '131072', acct: '1' } }]);

    expect(changeLines(await planOf(host, spec))).toEqual([
      'persistent create nf_conntrack: - -> hashsize=131072 acct=1',
      'live update nf_conntrack: hashsize=65536 -> hashsize=131072',
      'live update nf_conntrack: acct=N -> acct=1',
    ]);
    const report = await passModules(host, spec);

    expect(host.text('/sys/module/nf_conntrack/parameters/hashsize')).toBe('131072\n');
    expect(report.remaining).toEqual([]);
    expect(report.entries[0]?.state).toBe('InSync');
  });

  test('that the running module does not take wait for a boot, and are persisted for it', async () => {
    const host = machine();
    await passModules(host, modulesSpec(['nbd']));

    const report = await passModules(host, nbd);

    expect(report.deferred.map(({ change, reason }) => [change.to, reason])).toEqual([
      ['max_part=8', 'ModuleParameters'],
      ['nbds_max=4', 'ModuleParameters'],
    ]);
    expect(report.entries[0]).toMatchObject({ state: 'Pending', reason: 'ModuleParameters' });
    expect(host.text('/sys/module/nbd/parameters/max_part')).toBe('0\n');
    expect(host.text(OPTIONS)).toContain('options nbd max_part=8 nbds_max=4\n');
  });

  test('that sysfs does not show are accepted', async () => {
    const host = machine();

    const report = await passModules(host, modulesSpec([{ name: 'nbd', parameters: { hidden: '1' } }]));

    expect(report.entries[0]?.state).toBe('InSync');
    expect(host.text(OPTIONS)).toContain('options nbd hidden=1\n');
  });

  test('of a built-in module are for the kernel command line, which is said with the exact words', async () => {
    const host = machine({ '/sys/module/8250/parameters/nr_uarts': '4\n' });
    const spec = modulesSpec([{ name: '8250', parameters: { nr_uarts: '32' } }]);

    const report = await passModules(host, spec);

    expect(host.text(OPTIONS)).toBeUndefined();
    expect(report.entries[0]).toMatchObject({ state: 'Blocked', reason: 'HostUnsupported' });
    expect(report.blocked[0]?.message).toContain('"8250.nr_uarts=32"');
  });

  test('of a built-in module are fine when the kernel has them already', async () => {
    const host = machine({ '/proc/cmdline': 'ro 8250.nr-uarts=32\n' });

    const plan = await planOf(host, modulesSpec([{ name: '8250', parameters: { nr_uarts: '0x20' } }]));

    expect(plan.blocked).toEqual([]);
  });

  test.each(['two  words', 'a   b    c', 'file  a +p'])(
    'with several blanks in a row reach the module: %j',
    async (value) => {
      const shown = { nbd: { note: { value: '(null)' } } };
      const host = new MemoryHost(linuxWorld(), { behaviours: [modprobe({ parameters: shown })] });

      const report = await passModules(host, modulesSpec([{ name: 'nbd', parameters: { note: value } }]));

      expect(report.failures).toEqual([]);
      expect(host.text('/sys/module/nbd/parameters/note')).toBe(`${value}\n`);
      expect(report.entries.map(({ state, persistent }) => [state, persistent])).toEqual([
        ['InSync', `loaded, note="${value}"`],
      ]);
    },
  );

  test('that the kernel refuses are named with what to do', async () => {
    const refusing = {
      writeKernelFile: () => {
        throw new HostFileError('write', '/sys', 'EINVAL', 'refused');
      },
    };
    const loaded = {
      '/sys/module/nf_conntrack/initstate': 'live\n',
      '/sys/module/nf_conntrack/parameters/hashsize': '1\n',
    };
    const host = new MemoryHost(linuxWorld(loaded), { behaviours: [refusing] });

    const report = await passModules(host, modulesSpec([{ name: 'nf_conntrack', parameters: { hashsize: '-1' } }]));

    expect(report.failures[0]?.message).toContain('the kernel refuses the value and keeps the old one');
  });

  test('that would smuggle a line into the file are refused', async () => {
    const host = machine();

    const report = await passModules(
      host,
      modulesSpec([{ name: 'nbd', parameters: { max_part: '1\ninstall overlay /bin/false' } }, 'overlay']),
    );

    expect(report.entries.map((entry) => [entry.state, entry.reason])).toEqual([
      ['Blocked', 'SpecInvalid'],
      ['InSync', undefined],
    ]);
    expect(host.text(OPTIONS)).toBeUndefined();
  });

  test('that the kernel answers with another value are a failure, not a success', async () => {
    const clamp = {
      writeKernelFile: (host: MemoryHost, path: string) => {
        host.put(path, '65536\n');
        return true;
      },
    };
    const host = new MemoryHost(linuxWorld(), { behaviours: [clamp, modprobe({ parameters })] });
    await passModules(host, modulesSpec(['nf_conntrack']));

    const report = await passModules(host, modulesSpec([{ name: 'nf_conntrack', parameters: { hashsize: '7' } }]));

    expect(report.failures[0]).toMatchObject({ target: 'nf_conntrack', reason: 'ApplyFailed' });
    expect(report.failures[0]?.message).toContain('"65536"');
  });
});

describe('our files', () => {
  test('are put back when an administrator edits them', async () => {
    const host = machine();
    await passModules(host, modulesSpec(['overlay']));
    host.put(LIST, `${host.text(LIST)}# a remark\n`);

    const plan = await planOf(host, modulesSpec(['overlay']));
    await passModules(host, modulesSpec(['overlay']));

    expect(changeLines(plan)).toEqual([`persistent update ${LIST}: edited -> as declared`]);
    expect(host.text(LIST)).toBe(`${HEADER}overlay\n`);
  });

  test.each([
    ['Windows line ends', `${HEADER}overlay\n`.replaceAll('\n', '\r\n')],
    ['NUL bytes', `${HEADER}over\0lay\n`],
    ['bytes that are not UTF-8', Buffer.from([0x23, 0xff, 0xfe, 0x0a]).toString('latin1')],
    ['nothing', ''],
  ])('are put back when they hold %s', async (_what, contents) => {
    const host = machine();
    await passModules(host, modulesSpec(['overlay']));
    await host.writeFile(LIST, contents, { encoding: 'bytes' });

    await passModules(host, modulesSpec(['overlay']));

    expect(host.text(LIST)).toBe(`${HEADER}overlay\n`);
  });

  test('are removed when nothing is declared any more', async () => {
    const host = machine();
    await passModules(host, modulesSpec(['overlay', { name: 'nbd', parameters: { max_part: '8' } }]));

    await passModules(host, modulesSpec([], { deletionPolicy: 'Restore' }));

    expect(host.text(LIST)).toBeUndefined();
    expect(host.text(OPTIONS)).toBeUndefined();
  });

  test('are removed without a ledger, since they say whose they are', async () => {
    const host = machine({ [LIST]: `${HEADER}overlay\n` });

    await passModules(host, modulesSpec([]));

    expect(host.text(LIST)).toBeUndefined();
  });

  test('of another owner come back byte for byte', async () => {
    const original = Buffer.from('# m\u00fcll\r\nnbd\n', 'latin1').toString('latin1');
    const host = machine();
    await host.writeFile(LIST, original, { encoding: 'bytes' });

    await passModules(host, modulesSpec(['overlay']));
    expect(host.text(LIST)).toBe(`${HEADER}overlay\n`);
    await passModules(host, modulesSpec([]));

    expect(await host.readFile(LIST, 'bytes')).toBe(original);
  });

  test('of another program under our name are not touched when nothing is declared', async () => {
    const host = machine({ [LIST]: 'nbd\n', [OPTIONS]: 'options nbd max_part=1\n' });
    const before = host.toString();

    await passModules(host, modulesSpec([]));

    expect(host.toString()).toBe(before);
  });

  test('that are a directory or a link make the area fail, and nothing is followed', async () => {
    const linked = machine({ [LIST]: { link: '/etc/shadow' }, '/etc/shadow': 'root\n' });

    const report = await passModules(linked, modulesSpec(['overlay']));

    expect(linked.text('/etc/shadow')).toBe('root\n');
    expect(report.failures.length).toBeGreaterThan(0);
  });
});

describe('removing an entry', () => {
  test('takes it out of the files, leaves it loaded and says so', async () => {
    const host = machine();
    await passModules(host, modulesSpec(['overlay', 'nbd']));

    const report = await passModules(host, modulesSpec(['overlay']));

    expect(host.text(LIST)).toBe(`${HEADER}overlay\n`);
    expect(host.text('/sys/module/nbd/initstate')).toBe('live\n');
    expect(report.left).toMatchObject([{ target: 'nbd', required: false }]);
    expect(report.left[0]?.message).toContain('next reboot');
  });

  test('says nothing about a module that was loaded before us', async () => {
    const host = machine({ '/sys/module/overlay/initstate': 'live\n', '/proc/modules': 'overlay 1 0 - Live 0x0\n' });
    await passModules(host, modulesSpec(['overlay']));

    const report = await passModules(host, modulesSpec([]));

    expect(report.left).toEqual([]);
    expect(report.applied).toHaveLength(1);
  });

  test('is done after one pass, and says of what stays until the reboot', async () => {
    const host = machine();
    await passModules(host, modulesSpec(['overlay']));
    await passModules(host, modulesSpec([]));

    const report = await passModules(host, modulesSpec([]));

    expect(report.drift).toEqual([]);
    expect(report.left).toMatchObject([{ target: 'overlay' }]);
    reboot(host);
    expect((await passModules(host, modulesSpec([]))).left).toEqual([]);
  });

  const hashsize = '/sys/module/nf_conntrack/parameters/hashsize';
  const tuned = modulesSpec([{ name: 'nf_conntrack', parameters: { hashsize: '131072' } }]);
  const running = async () => {
    const host = machine();
    await passModules(host, modulesSpec(['nf_conntrack']));
    await passModules(host, tuned);
    return host;
  };

  test('keeps the live parameter under Keep', async () => {
    const host = await running();

    await passModules(host, modulesSpec([]));

    expect(host.text(hashsize)).toBe('131072\n');
  });

  test('gives the live parameter its original value under Restore', async () => {
    const host = await running();

    const report = await passModules(host, modulesSpec([], { deletionPolicy: 'Restore' }));

    expect(host.text(hashsize)).toBe('65536\n');
    expect(report.remaining).toEqual([]);
  });

  test('leaves a live parameter alone that another program has set since', async () => {
    const host = await running();
    host.put(hashsize, '4096\n');

    await passModules(host, modulesSpec([], { deletionPolicy: 'Restore' }));

    expect(host.text(hashsize)).toBe('4096\n');
  });
});

describe('a directory that stands for a host', () => {
  test('with a captured kernel gets its files, and loading waits for the boot', async () => {
    const host = new MemoryHost(linuxWorld(), { kernel: 'captured' });

    const report = await passModules(host, modulesSpec(['overlay', { name: 'nbd', parameters: { max_part: '8' } }]));

    expect(host.text(LIST)).toBe(`${HEADER}overlay\nnbd\n`);
    expect(host.text(OPTIONS)).toBe(`${HEADER}options nbd max_part=8\n`);
    expect(report.deferred.map(({ reason }) => reason)).toEqual(['NextBoot', 'NextBoot']);
    expect(report.remaining).toEqual([]);
  });

  const image = (files: Parameters<typeof linuxWorld>[0]) => new MemoryHost(files, { kernel: 'absent' });

  test('with kernels but none running refuses what none of them has', async () => {
    const host = image({ '/usr/lib/modules/6.1/modules.dep': 'kernel/overlay.ko:\n' });

    const report = await passModules(host, modulesSpec(['overlay', 'nbd']));

    expect(host.text(LIST)).toBe(`${HEADER}overlay\n`);
    expect(report.blocked).toMatchObject([{ target: 'nbd', reason: 'ModuleNotFound' }]);
    expect(report.deferred).toEqual([]);
    expect(report.entries[0]?.live).toBeUndefined();
  });

  test('without any kernel takes the declaration at its word', async () => {
    const host = image({ '/etc/os-release': 'ID=debian\n' });

    const report = await passModules(host, modulesSpec(['overlay', 'nbd']));

    expect(host.text(LIST)).toBe(`${HEADER}overlay\nnbd\n`);
    expect(report.entries.map((entry) => entry.state)).toEqual(['InSync', 'InSync']);
  });

  test('does not let a captured release lead out of the module tree', async () => {
    const host = new MemoryHost(
      { '/proc/sys/kernel/osrelease': '../../etc\n', '/etc/modules.builtin': 'kernel/overlay.ko\n' },
      { kernel: 'captured' },
    );

    expect((await planOf(host, modulesSpec(['overlay']))).entries[0]?.live).toBe('absent');
  });
});

test('a module whose tree is only partly there is tried, since nothing is certain', async () => {
  const host = machine();
  host.put(`/lib/modules/${RELEASE}/modules.dep`, undefined);
  host.put(`/lib/modules/${RELEASE}/modules.builtin`, undefined);
  host.put(`/lib/modules/${RELEASE}/modules.alias`, undefined);

  expect(changeLines(await planOf(host, modulesSpec(['overlay'])))[0]).toBe('live load overlay: absent -> loaded');
});
