import { describe, expect, test } from 'vitest';
import { CommandError } from '../../../../../src/host/errors.ts';
import { type MemoryBehaviour, type MemoryFiles, MemoryHost } from '../../../../../src/host/memory/memory-host.ts';
import { modprobe, type ModprobeOptions } from '../../../../../src/host/memory/modprobe.ts';
import { linuxWorld, RELEASE } from '../../../../support/linux-world.ts';
import { modulesSpec, passModules, planOf } from '../../../../support/modules-pass.ts';

const LIST = '/etc/modules-load.d/nodeprep.conf';
const machine = (changes: MemoryFiles = {}, options: ModprobeOptions = {}) =>
  new MemoryHost(linuxWorld(changes), { behaviours: [modprobe(options)] });
const without = (host: MemoryHost, ...paths: readonly string[]) => {
  for (const path of paths) host.put(path, undefined);
  return host;
};

describe('a module that cannot be loaded is known before it is tried', () => {
  test('when no kernel file lists it', async () => {
    const plan = await planOf(machine(), modulesSpec(['no_such']));

    expect(plan.steps).toEqual([]);
    expect(plan.blocked).toMatchObject([{ target: 'no_such', reason: 'ModuleNotFound' }]);
    expect(plan.blocked[0]?.message).toMatch(
      /^Cannot load kernel module "no_such": kernel 6\.1\.0-31-amd64 has no such/,
    );
  });

  test('when the running kernel was upgraded without a reboot', async () => {
    const host = machine({ '/lib/modules/6.1.0-32-amd64/modules.dep': 'kernel/overlay.ko:\n' });
    without(host, `/lib/modules/${RELEASE}`);

    const plan = await planOf(host, modulesSpec(['overlay']));

    expect(plan.steps).toEqual([]);
    expect(plan.blocked).toMatchObject([{ target: 'overlay', reason: 'ModuleNotFound' }]);
    expect(plan.blocked[0]?.message).toContain('upgraded without a reboot');
    expect(plan.blocked[0]?.message).toContain('6.1.0-32-amd64');
  });

  test('and stays listed for the boot when the next kernel will have it', async () => {
    const host = machine();
    await passModules(host, modulesSpec(['overlay']));
    const listed = host.text(LIST);
    host.put('/lib/modules/6.1.0-32-amd64/modules.dep', 'kernel/overlay.ko:\n');
    without(host, `/lib/modules/${RELEASE}`, '/sys/module/overlay', '/proc/modules', '/proc/filesystems');
    host.put('/proc/modules', '');

    await passModules(host, modulesSpec(['overlay']));

    expect(host.text(LIST)).toBe(listed);
  });

  test.each([
    ['/etc/modprobe.d/cis.conf', '# hardening\nblacklist overlay\n', 2],
    ['/usr/lib/modprobe.d/vendor.conf', 'blacklist floppy\n\nblacklist over-lay\nblacklist overlay\n', 4],
    ['/lib/modprobe.d/vendor.conf', 'install overlay /bin/false\n', 1],
    ['/run/modprobe.d/x.conf', 'install overlay /usr/bin/true # no\n', 1],
    ['/usr/local/lib/modprobe.d/x.conf', 'blacklist \\\n overlay\n', 1],
    ['/etc/modprobe.d/windows.conf', 'blacklist overlay\r\n', 1],
  ])('when %s forbids it, with the line', async (file, text, line) => {
    const host = machine({ [file]: text });

    const report = await passModules(host, modulesSpec(['overlay']));

    expect(report.blocked).toMatchObject([{ target: 'overlay', reason: 'ModuleBlocked', file, line }]);
    expect(report.blocked[0]?.message).toContain(`${file}, line ${line}`);
    expect(host.text('/sys/module/overlay/initstate')).toBeUndefined();
    expect(host.text(LIST)).toBeUndefined();
  });

  test.each(['module_blacklist=nbd,overlay', 'modprobe.blacklist=overlay'])('when the kernel has %s', async (word) => {
    const plan = await planOf(machine({ '/proc/cmdline': `ro ${word} quiet\n` }), modulesSpec(['overlay']));

    expect(plan.blocked).toMatchObject([{ reason: 'ModuleBlocked', file: '/proc/cmdline' }]);
  });

  test('when kernel.modules_disabled is set', async () => {
    const plan = await planOf(machine({ '/proc/sys/kernel/modules_disabled': '1\n' }), modulesSpec(['overlay']));

    expect(plan.steps).toEqual([]);
    expect(plan.blocked).toMatchObject([{ reason: 'PermissionDenied' }]);
  });

  test('when /proc is not mounted', async () => {
    const plan = await planOf(without(machine(), '/proc', '/sys'), modulesSpec(['overlay']));

    expect(plan.steps).toEqual([]);
    expect(plan.blocked).toMatchObject([{ reason: 'HostUnsupported' }]);
    expect(plan.blocked[0]?.message).toContain('/proc is not mounted');
  });
});

describe('a module is loaded although', () => {
  test.each([
    ['a file of the same name in /etc hides the blacklist', { '/etc/modprobe.d/v.conf': '# nothing\n' }],
    ['a link to /dev/null hides the blacklist', { '/etc/modprobe.d/v.conf': { link: '/dev/null' } }],
  ])('%s', async (_why, changes) => {
    const host = machine({ '/usr/lib/modprobe.d/v.conf': 'blacklist overlay\n', ...changes });

    const report = await passModules(host, modulesSpec(['overlay']));

    expect(report.entries[0]?.state).toBe('InSync');
  });

  test.each([
    ['an install line runs something else first', 'install overlay /sbin/modprobe --ignore-install overlay\n'],
    ['an alias that leads to it is blacklisted', 'alias fs-over overlay\nblacklist fs-over\n'],
    ['a comment speaks of a blacklist', '# blacklist overlay\n'],
  ])('%s', async (_why, text) => {
    const report = await passModules(machine({ '/etc/modprobe.d/x.conf': text }), modulesSpec(['overlay']));

    expect(report.entries[0]?.state).toBe('InSync');
  });

  test('a directory has the name of a configuration file', async () => {
    const host = machine({ '/etc/modprobe.d/x.conf': null, '/etc/modules-load.d/y.conf': null });

    expect((await passModules(host, modulesSpec(['overlay']))).entries[0]?.state).toBe('InSync');
  });

  test('/sys is not mounted, and it counts as present by /proc/modules', async () => {
    const host = without(machine({ '/proc/modules': 'overlay 1 0 - Live 0x0\n' }), '/sys');

    expect((await planOf(host, modulesSpec(['overlay']))).entries[0]?.live).toBe('loaded');
  });
});

test('a loaded module that the next boot would skip is a conflict, not a success', async () => {
  const host = machine();
  await passModules(host, modulesSpec(['overlay']));
  host.put('/etc/modprobe.d/cis.conf', 'blacklist overlay\n');

  const report = await passModules(host, modulesSpec(['overlay']));

  expect(report.entries[0]).toMatchObject({ state: 'Conflicting', reason: 'ModuleBlocked' });
  expect(report.conflicts).toMatchObject([{ file: '/etc/modprobe.d/cis.conf', line: 1 }]);
});

/** A kernel whose modprobe fails with the given words. */
const failing = (stderr: string, changes: MemoryFiles = {}) => {
  const behaviour: MemoryBehaviour = {
    commands: {
      modprobe: (_host, _args, command) => {
        throw new CommandError(command, { exitCode: 1, stderr, detail: stderr });
      },
    },
  };
  return new MemoryHost(linuxWorld(changes), { behaviours: [behaviour] });
};

describe('a modprobe that fails is diagnosed:', () => {
  const lockdown = { '/sys/kernel/security/lockdown': 'none [integrity] confidentiality\n' };
  const refused = "modprobe: ERROR: could not insert 'overlay': ";

  test.each([
    ['refused signature', 'Key was rejected by service', {}, 'ModuleBlocked', 'signature'],
    ['missing key', 'Required key not available', lockdown, 'ModuleBlocked', 'integrity'],
    ['unsigned under lockdown', 'Operation not permitted', lockdown, 'ModuleBlocked', 'unsigned'],
    ['no permission', 'Operation not permitted', {}, 'PermissionDenied', 'CAP_SYS_MODULE'],
    ['built for another kernel', 'Exec format error', {}, 'ModuleNotFound', 'another kernel'],
    ['no such hardware', 'No such device', {}, 'HostUnsupported', 'No such device'],
    ['anything else', 'Invalid argument', {}, 'ApplyFailed', 'Invalid argument'],
  ])('%s', async (_what, words, changes, reason, part) => {
    const report = await passModules(failing(`${refused}${words}\n`, changes), modulesSpec(['overlay']));

    expect(report.failures).toMatchObject([{ target: 'overlay', reason }]);
    expect(report.failures[0]?.message).toMatch(/^Cannot load kernel module "overlay": /);
    expect(report.failures[0]?.message).toContain(part);
  });

  test('not found, when that was not certain before', async () => {
    const host = machine();
    without(host, '/lib/modules');

    const report = await passModules(host, modulesSpec(['overlay']));

    expect(report.failures).toMatchObject([{ target: 'overlay', reason: 'ModuleNotFound' }]);
  });

  test('an install line that ends well and loads nothing', async () => {
    const nothing: MemoryBehaviour = { commands: { modprobe: () => ({ stdout: '', stderr: '' }) } };
    const host = new MemoryHost(linuxWorld(), { behaviours: [nothing] });

    const report = await passModules(host, modulesSpec(['overlay']));

    expect(report.failures).toMatchObject([{ target: 'overlay', reason: 'ApplyFailed' }]);
    expect(report.failures[0]?.message).toContain('reported success');
    expect(host.text(LIST)).toBeUndefined();
  });

  test('no modprobe command', async () => {
    const report = await passModules(new MemoryHost(linuxWorld()), modulesSpec(['overlay']));

    expect(report.failures).toMatchObject([{ target: 'overlay', reason: 'HostUnsupported' }]);
    expect(report.failures[0]?.message).toContain('kmod');
  });

  test('a module that hangs, which may be tried again', async () => {
    const report = await passModules(machine({}, { hanging: ['overlay'] }), modulesSpec(['overlay']));

    expect(report.failures).toMatchObject([{ target: 'overlay', reason: 'ApplyFailed', transient: true }]);
    expect(report.failures[0]?.message).toContain('time limit');
  });

  test('no privileges', async () => {
    const report = await passModules(machine({}, { privileged: false }), modulesSpec(['overlay']));

    expect(report.failures).toMatchObject([{ target: 'overlay', reason: 'PermissionDenied' }]);
  });
});

test('a module that is not required does not make the area not ready', async () => {
  const report = await passModules(machine(), modulesSpec([{ name: 'no_such', required: false }]));

  expect(report.blocked).toMatchObject([{ target: 'no_such', required: false }]);
  expect(report.entries[0]?.required).toBe(false);
});

test('a name that looks like an option never becomes one', async () => {
  const seen: (readonly string[])[] = [];
  const spy: MemoryBehaviour = {
    commands: { modprobe: (_host, args) => (seen.push(args), { stdout: '', stderr: '' }) },
  };
  const host = without(new MemoryHost(linuxWorld(), { behaviours: [spy] }), '/lib/modules');

  await passModules(host, modulesSpec(['-r']));

  expect(seen).toEqual([['--', '-r']]);
});
