/** Boot parameters on a machine with GRUB: what is written, what the next boot has, and what is never done. */
import { describe, expect, test } from 'vitest';
import type { Command } from '../../../../src/host/host.ts';
import { grub, grubFiles } from '../../../../src/host/memory/grub.ts';
import { type MemoryBehaviour, MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import {
  bootSpec,
  DROP_IN,
  GRUB_CFG,
  grubHost,
  inspectBoot,
  linuxLines,
  passBoot,
  rebootInto,
} from '../../../support/boot-pass.ts';

const HIERARCHY = { name: 'systemd.unified_cgroup_hierarchy', value: '1' };
const spec = bootSpec({ name: 'audit', value: '1' });

describe('a declared parameter', () => {
  test('is on every line that GRUB starts, rescue entries included', async () => {
    const host = grubHost();

    const report = await passBoot(host, spec);

    expect(report.failures).toEqual([]);
    expect(linuxLines(host).filter((line) => !/ audit=1( |$)/.test(line))).toEqual([]);
    expect(report.applied.map(({ target }) => target)).toEqual(['audit']);
    expect(host.text(DROP_IN)).toContain('audit=1');
  });

  test('waits for a reboot, and is in force afterwards', async () => {
    const host = grubHost();

    const before = await passBoot(host, spec);
    rebootInto(host, 'second-boot');
    const after = await passBoot(host, spec);

    expect(before.deferred.map(({ why, reason }) => [why, reason])).toEqual([['boot', 'BootParameters']]);
    expect(before.entries.map(({ state }) => state)).toEqual(['Pending']);
    expect(after.entries.map(({ state }) => state)).toEqual(['InSync']);
    expect([after.deferred, after.blocked, after.drift]).toEqual([[], [], []]);
  });

  test('that the reboot did not bring is called ineffective, once', async () => {
    const host = grubHost();

    await passBoot(host, spec);
    rebootInto(host, 'second-boot', 'root=UUID=6a6f7d4a ro quiet');
    const report = await passBoot(host, spec);

    expect(report.blocked.map(({ reason }) => reason)).toEqual(['RebootIneffective']);
    expect(report.deferred).toEqual([]);
  });

  test('that others wrote is recorded, so that one reboot is asked for and not two', async () => {
    const host = grubHost({ '/etc/default/grub': 'GRUB_CMDLINE_LINUX="audit=1"\n' });
    await host.run(['update-grub']);

    const first = await passBoot(host, spec);
    rebootInto(host, 'second-boot', 'root=UUID=6a6f7d4a ro quiet');
    const second = await passBoot(host, spec);

    expect([first.applied, first.failures, host.text(DROP_IN)]).toEqual([[], [], undefined]);
    expect(first.deferred.map(({ why }) => why)).toEqual(['boot']);
    expect(second.blocked.map(({ reason }) => reason)).toEqual(['RebootIneffective']);
  });

  test('without effect in the kernel that has it needs no second reboot to say so', async () => {
    const host = grubHost({
      '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io pids\n',
      '/proc/cmdline': 'root=UUID=6a6f7d4a ro quiet cgroup_enable=memory\n',
    });

    const report = await passBoot(host, bootSpec({ name: 'cgroup_enable', value: 'memory' }));

    expect(report.blocked.map(({ reason }) => reason)).toEqual(['RebootIneffective']);
  });

  test('whose effect is there anyway is written nowhere', async () => {
    const host = grubHost();
    const before = host.toString();

    const report = await passBoot(host, bootSpec({ name: 'cgroup_enable', value: 'memory' }, HIERARCHY));

    expect(report.entries.map(({ state }) => state)).toEqual(['InSync', 'InSync']);
    expect(host.toString()).toBe(before);
  });

  test('wants its reboot under the name of the cgroup hierarchy', async () => {
    const host = grubHost({ '/sys/fs/cgroup/systemd': null });
    host.put('/sys/fs/cgroup/cgroup.controllers', undefined);

    const report = await passBoot(host, bootSpec(HIERARCHY));

    expect(report.deferred.map(({ reason }) => reason)).toEqual(['CgroupVersion']);
  });

  test('is gone from the next boot once it is no longer declared', async () => {
    const host = grubHost();
    const before = host.text(GRUB_CFG);

    await passBoot(host, spec);
    rebootInto(host, 'second-boot');
    const report = await passBoot(host, bootSpec());

    expect(host.text(DROP_IN)).toBeUndefined();
    expect(host.text(GRUB_CFG)).toBe(before);
    expect(report.left.map(({ target, reason }) => [target, reason])).toEqual([['audit=1', 'NextBoot']]);
    expect((await passBoot(host, bootSpec())).drift).toEqual([]);
  });

  test('takes the place of its earlier value', async () => {
    const host = grubHost();

    await passBoot(host, spec);
    await passBoot(host, bootSpec({ name: 'audit', value: '0' }));

    expect(host.text(DROP_IN)).not.toContain('audit=1');
    expect(linuxLines(host).filter((line) => !/ audit=0( |$)/.test(line))).toEqual([]);
  });

  test('comes back after an edit of our file, and after grub.cfg was made without it', async () => {
    const host = grubHost();
    await passBoot(host, spec);
    const [file, cfg] = [host.text(DROP_IN), host.text(GRUB_CFG)];

    host.put(DROP_IN, `${file}GRUB_TIMEOUT=0\n`);
    await passBoot(host, spec);
    expect(host.text(DROP_IN)).toBe(file);
    host.put(GRUB_CFG, (cfg ?? '').replaceAll(' audit=1', ''));
    await passBoot(host, spec);
    expect(host.text(GRUB_CFG)).toBe(cfg);
  });
});

describe('a parameter that must not be there', () => {
  test('is a conflict with file and line when a foreign file has it', async () => {
    const host = grubHost();

    const report = await passBoot(host, bootSpec({ name: 'quiet', state: 'Absent' }));

    expect(report.conflicts.map(({ reason, file, line }) => [reason, file, line])).toEqual([
      ['Conflict', '/etc/default/grub', 2],
    ]);
    expect(host.text(DROP_IN)).toBeUndefined();
  });

  test('is as declared when no file and no line has it', async () => {
    const report = await passBoot(grubHost(), bootSpec({ name: 'nosplash', state: 'Absent' }));

    expect(report.entries.map(({ state }) => state)).toEqual(['InSync']);
  });
});

describe('nothing is left behind when', () => {
  const refused = async (host: ReturnType<typeof grubHost>, wanted = spec) => {
    const before = host.text(GRUB_CFG);
    const report = await passBoot(host, wanted);
    expect(host.text(DROP_IN)).toBeUndefined();
    expect(host.text(GRUB_CFG)).toBe(before);
    return report;
  };

  test('grub-mkconfig refuses the settings of others', async () => {
    const host = grubHost({ '/etc/default/grub.d/10-broken.cfg': 'GRUB_CMDLINE_LINUX="open\n' });

    expect((await refused(host)).failures.map(({ reason }) => reason)).toEqual(['BootConfigRejected']);
  });

  test('update-grub would change more than the parameters', async () => {
    const host = grubHost({}, { spoils: ['root=UUID=6a6f7d4a-0c1f-4d62-9c58-e4cbe3b3d1b1', 'root=/dev/sda1'] });

    const report = await refused(host);

    expect(report.failures.map(({ message }) => message).join()).toContain('root=UUID=');
  });

  test('a kernel would no longer be started', async () => {
    const host = grubHost();
    host.put('/boot/vmlinuz-6.1.0-17-amd64', undefined);

    expect((await refused(host)).failures.map(({ reason }) => reason)).toEqual(['BootConfigRejected']);
  });

  test('what would be written is no GRUB script', async () => {
    const host = grubHost({}, { spoils: ['--class debian {', '--class debian'] });

    expect((await refused(host)).failures.map(({ reason }) => reason)).toEqual(['BootConfigRejected']);
  });

  test('update-grub itself fails', async () => {
    const host = grubHost({}, { cannotWrite: true });

    expect((await refused(host)).failures.map(({ message }) => message).join()).toContain('No space left on device');
  });

  test('a later file assigns the variable', async () => {
    const host = grubHost({ '/etc/default/grub.d/zzz-cloud.cfg': 'X=1\nGRUB_CMDLINE_LINUX="console=ttyS0"\n' });

    const report = await refused(host);

    expect(report.conflicts.map(({ file, line }) => [file, line])).toEqual([['/etc/default/grub.d/zzz-cloud.cfg', 2]]);
  });

  test('another value stands behind ours', async () => {
    const host = grubHost({ '/etc/default/grub': 'GRUB_CMDLINE_LINUX_DEFAULT="quiet audit=0"\n' });

    const report = await refused(host);

    expect(report.conflicts.map(({ file, line }) => [file, line])).toEqual([['/etc/default/grub', 1]]);
  });

  test('grub.cfg is none that we know', async () => {
    const host = grubHost({ [GRUB_CFG]: 'configfile /boot/grub/other.cfg\n' });

    expect((await refused(host)).blocked.map(({ reason }) => reason)).toEqual(['BootConfigRejected']);
  });

  test('the line would grow too long', async () => {
    const long = 'x'.repeat(2_040);
    const host = grubHost();
    host.put(GRUB_CFG, (host.text(GRUB_CFG) ?? '').replaceAll(' ro ', ` ro ${long} `));

    expect((await refused(host)).blocked.map(({ message }) => message).join()).toContain('2047');
  });

  test('the power fails before update-grub and the spec is gone', async () => {
    for (let changes = 1; changes < 14; changes += 1) {
      const host = grubHost();
      const before = host.text(GRUB_CFG);
      host.dieAfter(changes);
      await passBoot(host, spec).catch(() => undefined);
      host.revive();
      await passBoot(host, bootSpec());

      expect([host.text(DROP_IN), host.text(GRUB_CFG)]).toEqual([undefined, before]);
    }
  });

  test('a setting that was never proved turns out to be broken', async () => {
    const host = grubHost();
    await passBoot(host, spec);
    // As after a power cut between the drop-in and update-grub, on a host that has changed meanwhile.
    host.put(GRUB_CFG, (host.text(GRUB_CFG) ?? '').replaceAll(' audit=1', ''));
    host.put('/boot/vmlinuz-6.1.0-17-amd64', undefined);

    const report = await passBoot(host, spec);

    expect(report.failures.map(({ reason }) => reason)).toEqual(['BootConfigRejected']);
    expect(host.text(DROP_IN)).toBeUndefined();
  });
});

test('tools run as a service of the host where systemd runs', async () => {
  const tools = grub();
  const isAllowed = { commands: { 'systemd-run': runAsService(tools), sh: tools.commands?.['sh'] } } as MemoryBehaviour;
  const check = { commands: { 'grub-script-check': tools.commands?.['grub-script-check'] } } as MemoryBehaviour;
  const host = new MemoryHost(
    { ...grubFiles(), '/run/systemd/system': null, '/proc/cmdline': 'ro\n' },
    { behaviours: [isAllowed, check] },
  );

  const report = await passBoot(host, spec);

  expect(report.failures).toEqual([]);
  expect(linuxLines(host).filter((line) => !/ audit=1( |$)/.test(line))).toEqual([]);
});

/** systemd-run, by which alone these tools can be had: the caller itself may not write below /boot. */
function runAsService(tools: MemoryBehaviour) {
  return (host: MemoryHost, args: readonly string[], command: Command) => {
    const [program = '', ...rest] = args.slice(args.indexOf('--') + 1);
    const run = tools.commands?.[program];
    if (run === undefined) throw new Error(`No such program: ${program}`);
    return run(host, rest, command);
  };
}

test('a host without a known boot loader is told the words to add', async () => {
  const host = grubHost();
  host.put('/usr/sbin/update-grub', undefined);

  const report = await passBoot(host, spec);

  expect(report.blocked.map(({ reason }) => reason)).toEqual(['HostUnsupported']);
  expect(report.blocked[0]?.message).toContain('"audit=1"');
});

test('explain and verify show the four states with file and line', async () => {
  const host = grubHost();
  await passBoot(host, spec);

  const { verify, explain } = await inspectBoot(host, spec);
  const explained = explain('audit');

  expect(verify().map(({ title, outcome }) => [title, outcome])).toEqual([
    ['next boot has audit=1', 'pass'],
    ['this boot has audit=1', 'fail'],
  ]);
  expect(explained?.sources.map(({ file, value }) => [file, value])).toContainEqual([DROP_IN, 'audit=1']);
  expect(explained?.sources.map(({ file, value }) => [file, value])).toContainEqual(['/proc/cmdline', 'no audit']);
});
