import { describe, expect, it } from 'vitest';
import { CommandError, HostFileError } from '../../../../src/host/errors.ts';
import type { Command } from '../../../../src/host/host.ts';
import { masks, passSwap, REMOVED, swapMachine, swapSpec, swapsText } from '../../../support/swap-pass.ts';

describe('a host without systemd', () => {
  it('has swap off now and in fstab, without a trace in /etc/systemd, and that is in sync', async () => {
    const { host } = swapMachine({}, { hasSystemd: false });

    const report = await passSwap(host);

    expect(report.entries).toMatchObject([
      { state: 'InSync', live: 'off', persistent: 'off (no systemd here: /etc/fstab only)' },
    ]);
    expect(host.text('/etc/fstab')).toContain('# nodeprep: disabled: LABEL=swap');
    expect(host.toString()).not.toContain('/etc/systemd');
  });

  it('keeps the masks that it needs again when systemd is back', async () => {
    const { host } = swapMachine();
    await passSwap(host);
    const before = masks(host);
    host.put('/run/systemd/system', undefined);

    const report = await passSwap(host);

    expect(masks(host)).toEqual(before);
    expect(report.drift).toEqual([]);
  });
});

describe('a fstab that has another name', () => {
  it('is left alone and said, and given back all the same once it was changed', async () => {
    const { host } = swapMachine();
    const before = host.text('/etc/fstab');
    host.own('/etc/fstab', { links: 2 });

    const refused = await passSwap(host);

    expect(host.text('/etc/fstab')).toBe(before);
    expect(JSON.stringify(refused)).toContain('find / -xdev -samefile /etc/fstab');

    host.own('/etc/fstab', { links: 1 });
    await passSwap(host);
    expect(host.text('/etc/fstab')).not.toBe(before);
    host.own('/etc/fstab', { links: 2 });
    await passSwap(host, REMOVED);
    expect(host.text('/etc/fstab')).toBe(before);
  });
});

describe('a host without systemctl', () => {
  it('has its units masked by their files, and says what that means', async () => {
    const machine = swapMachine({}, { hasSystemd: false });
    machine.host.put('/etc/systemd/zram-generator.conf', '[zram0]\n');
    machine.host.put('/run/systemd/system', null);

    const report = await passSwap(machine.host);

    expect(masks(machine.host)).toEqual([
      'dev-disk-by\\x2dlabel-swap.swap',
      'dev-vda2.swap',
      'dev-zram0.swap',
      'swap.target',
    ]);
    expect(report.entries).toMatchObject([
      { state: 'InSync', live: 'off (systemctl is missing, so masks count only from the next reboot)' },
    ]);
  });
});

describe('a systemd that does not answer', () => {
  it.each([
    [
      'Failed to connect to bus: No such file or directory',
      { exitCode: 1, stderr: 'Failed to connect to bus: No such file or directory\n' },
    ],
    ['systemctl did not answer', { timedOut: true }],
    ['systemctl failed with exit code 3', { exitCode: 3 }],
  ])('is said (%s), units are masked by their files, and swap is off', async (why, outcome) => {
    const { host } = swapMachine({ '/run/systemd/generator/dev-vda2.swap': '[Swap]\n' });
    const mute = Object.assign(Object.create(host) as typeof host, {
      query: (command: Command) => Promise.reject(new CommandError(command, { ...outcome, detail: 'no' })),
    });

    const report = await passSwap(mute);

    expect(report.entries).toMatchObject([
      { state: 'InSync', live: `off (${why}, so masks count only from the next reboot)` },
    ]);
    expect(masks(host)).toContain('dev-vda2.swap');
  });
});

describe('a unit file that appears between plan and step', () => {
  it('is not replaced by a mask, and gets a drop-in in the next pass', async () => {
    const { host } = swapMachine();
    const file = '/etc/systemd/system/dev-vda2.swap';

    const report = await passSwap(host, swapSpec('Disabled'), {
      onStep: ({ type, changes }) => {
        if (type === 'applying' && changes[0]?.target === 'dev-vda2.swap') host.put(file, '[Swap]\nWhat=/dev/vda2\n');
      },
    });

    expect(report.failures).toMatchObject([{ target: 'dev-vda2.swap', transient: true }]);
    expect(host.text(file)).toContain('What=/dev/vda2');
    expect((await passSwap(host)).entries).toMatchObject([{ state: 'InSync' }]);
    expect(host.text(`${file}.d/nodeprep.conf`)).toContain('ConditionPathExists');
  });
});

describe('swapoff', () => {
  it.each([
    ['is missing', { hasCommands: false }, 'HostUnsupported', undefined, /no swapoff command/],
    ['hangs', { hanging: ['/dev/vda2'] }, 'ApplyFailed', true, /did not end within 10 minutes/],
    [
      'runs out of memory',
      { failing: { '/dev/vda2': 'swapoff failed: Cannot allocate memory' } },
      'SwapoffUnsafe',
      true,
      /Cannot allocate memory/,
    ],
    [
      'fails otherwise',
      { failing: { '/dev/vda2': 'swapoff failed: Input/output error' } },
      'ApplyFailed',
      true,
      /Input\/output error/,
    ],
  ] as const)('that %s is said, and everything else is done', async (_, options, reason, transient, message) => {
    const { host } = swapMachine({ '/swapfile': 'x' }, options);

    const report = await passSwap(host);

    expect(report.failures).toMatchObject([{ target: '/dev/vda2', reason, ...(transient ? { transient } : {}) }]);
    expect(report.failures[0]?.message).toMatch(message);
    expect(report.entries).toMatchObject([{ state: 'Failed', persistent: 'off' }]);
    expect(masks(host)).toContain('swap.target');
  });

  it('that is not permitted is left to systemd, which may', async () => {
    const { host } = swapMachine(
      { '/swapfile': 'x', '/proc/swaps': swapsText(['/dev/vda2'], ['/swapfile']) },
      { failing: { '/dev/vda2': 'Not superuser.', '/swapfile': 'Operation not permitted' } },
    );

    const report = await passSwap(host);

    expect(host.text('/proc/swaps')).toBe(swapsText());
    expect(report).toMatchObject({ failures: [], entries: [{ state: 'InSync' }] });
  });

  it('that is not permitted is taken back through systemd as well', async () => {
    const { host } = swapMachine({}, { failing: { '/dev/vda2': 'Operation not permitted' } });
    await passSwap(host);
    const off = host.text('/proc/swaps');

    const report = await passSwap(host, REMOVED);

    expect(off).toBe(swapsText());
    expect(host.text('/proc/swaps')).toContain('/dev/vda2');
    expect(report.failures).toEqual([]);
  });

  it('that is not permitted on a host without systemd is said, with what it takes', async () => {
    const { host } = swapMachine(
      {},
      { hasSystemd: false, failing: { '/dev/vda2': 'swapoff failed: Operation not permitted' } },
    );

    const report = await passSwap(host);

    expect(report.failures).toMatchObject([{ target: '/dev/vda2', reason: 'PermissionDenied' }]);
    expect(report.failures[0]?.message).toMatch(/Operation not permitted.*Run as root/);
  });

  it('that fails on one device leaves no other on', async () => {
    const { host } = swapMachine(
      { '/swapfile': 'x', '/proc/swaps': swapsText(['/dev/vda2'], ['/swapfile']) },
      { failing: { '/dev/vda2': 'swapoff failed: Input/output error' } },
    );

    await passSwap(host);

    expect(host.text('/proc/swaps')).toBe(swapsText(['/dev/vda2']));
  });

  it('that finds the device gone already is done', async () => {
    const { host } = swapMachine();

    const report = await passSwap(host, swapSpec('Disabled'), {
      onStep: (event) => {
        if (event.type === 'applying' && event.changes[0]?.target === '/dev/vda2') host.put('/proc/swaps', swapsText());
      },
    });

    expect(report.failures).toEqual([]);
    expect(report.entries).toMatchObject([{ state: 'InSync' }]);
  });

  it('is not believed when the device is still listed', async () => {
    const { host } = swapMachine();
    const inner = host.run;
    const lying = Object.assign(Object.create(host) as typeof host, {
      run: async (...[command]: Parameters<typeof inner>) =>
        command[0] === 'swapoff' ? { stdout: '', stderr: '' } : inner(command),
    });

    const report = await passSwap(lying);

    expect(report.failures[0]?.message).toContain('/proc/swaps still lists it');
  });

  it('of a file that was removed while in use waits for a boot, and does not block the rest', async () => {
    const { host } = swapMachine({ '/proc/swaps': `${swapsText(['/dev/vda2'])}/old\\040(deleted) file 4 4 -3\n` });

    const report = await passSwap(host);

    expect(report.deferred).toMatchObject([{ change: { target: '/old' }, reason: 'RebootRequired' }]);
    expect(host.text('/proc/swaps')).not.toContain('/dev/vda2');
  });

  it('of a file that is really named "(deleted)" is not mistaken', async () => {
    const { host } = swapMachine({ '/old (deleted)': 'x', '/proc/swaps': swapsText(['/old (deleted)']) });

    await passSwap(host);

    expect(host.text('/proc/swaps')).toBe(swapsText());
  });
});

describe('the live state', () => {
  it('of a kernel without swap support is off', async () => {
    const { host } = swapMachine();
    host.put('/proc/swaps', undefined);

    const report = await passSwap(host);

    expect(report.entries).toMatchObject([{ state: 'InSync', live: 'off' }]);
  });

  it('is an error when /proc is not mounted, and nothing is touched', async () => {
    const { host } = swapMachine();
    host.put('/proc', undefined);
    const before = host.toString();

    const report = await passSwap(host);

    expect(report.failures).toMatchObject([{ reason: 'HostUnsupported' }]);
    expect(report.failures[0]?.message).toContain('/proc is not mounted');
    expect(host.toString()).toBe(before);
  });

  it('does not matter to a spec that does not turn swap off', async () => {
    const { host } = swapMachine();
    host.put('/proc', undefined);

    expect((await passSwap(host, swapSpec('Unmanaged'))).failures).toEqual([]);
  });

  it('that cannot be understood is an error, not "off"', async () => {
    const { host } = swapMachine({ '/proc/swaps': 'Filename\nnonsense\n' });

    expect((await passSwap(host)).error?.message).toContain('Cannot read "/proc/swaps"');
  });
});

describe('a read-only /etc', () => {
  it('is said for every file, and swap is off all the same', async () => {
    const { host } = swapMachine();
    const refuse = (path: string) => Promise.reject(new HostFileError('write', path, 'EROFS', 'read-only file system'));
    const inner = host.writeFile;
    const readOnly = Object.assign(Object.create(host) as typeof host, {
      makeLink: refuse,
      writeFile: (...args: Parameters<typeof inner>) =>
        args[0].startsWith('/etc/') ? refuse(args[0]) : inner(...args),
    });

    const report = await passSwap(readOnly);

    expect(new Set(report.failures.map(({ reason }) => reason))).toEqual(new Set(['PermissionDenied']));
    expect(report.failures.map(({ target }) => target)).toContain('/etc/fstab');
    expect(host.text('/proc/swaps')).toBe(swapsText());
  });
});

describe('fstab', () => {
  it('that is missing, a directory or a link is no reason to crash', async () => {
    const { host: without } = swapMachine();
    without.put('/etc/fstab', undefined);
    const { host: linked } = swapMachine({
      '/etc/real': 'LABEL=swap none swap\n',
      '/etc/fstab': { link: '/etc/real' },
    });
    const { host: directory } = swapMachine();
    directory.put('/etc/fstab', undefined);
    directory.put('/etc/fstab', null);

    expect((await passSwap(without)).entries).toMatchObject([{ state: 'InSync' }]);
    expect((await passSwap(linked)).failures).toMatchObject([{ target: '/etc/fstab' }]);
    expect((await passSwap(directory)).error?.message).toContain('/etc/fstab');
  });
});
