import { describe, expect, it } from 'vitest';
import { changeLines, masks, passSwap, planOf, swapMachine, swapSpec, swapsText } from '../../../support/swap-pass.ts';

const LABEL_UNIT = 'dev-disk-by\\x2dlabel-swap.swap';
const UUID_UNIT = 'dev-disk-by\\x2duuid-3baf\\x2d9b.swap';

describe('swap from fstab', () => {
  it('is turned off now, in fstab and in systemd, in this order', async () => {
    const { host } = swapMachine();

    expect(changeLines(await planOf(host))).toEqual([
      'persistent update /etc/fstab: line 2: LABEL=swap none swap sw 0 0 -> commented out',
      `persistent disable ${LABEL_UNIT}: /etc/fstab:2 -> masked`,
      `persistent disable ${UUID_UNIT}: another name of ${LABEL_UNIT} -> masked`,
      'persistent disable dev-vda2.swap: /etc/fstab:2 -> masked',
      'persistent disable swap.target: /usr/lib/systemd/system/swap.target -> masked',
      'live restart systemd: older unit files -> reloaded',
      'live disable /dev/vda2: 256 MiB, 0 used -> off',
    ]);
  });

  it('stays off when any service starts afterwards, and after a boot', async () => {
    const { host, systemd } = swapMachine({}, { gptSwap: '/dev/vda2' });

    const report = await passSwap(host);

    expect(report.entries).toMatchObject([{ name: 'swap', state: 'InSync', live: 'off', persistent: 'off' }]);
    systemd.startSomething(host);
    expect(host.text('/proc/swaps')).toBe(swapsText());
    systemd.boot(host);
    expect(host.text('/proc/swaps')).toBe(swapsText());
  });

  it('comes back after a boot when only swapoff is done, or this test would show nothing', () => {
    const { host, systemd } = swapMachine({ '/etc/fstab': '' }, { gptSwap: '/dev/vda2' });

    systemd.boot(host);

    expect(host.text('/proc/swaps')).toContain('/dev/vda2');
  });

  it('is turned off again when an administrator turns it on again', async () => {
    const { host } = swapMachine();
    await passSwap(host);
    await host.run(['swapon', '--', '/dev/vda2']);

    const report = await passSwap(host);

    expect(report.drift).toMatchObject([{ action: 'disable', target: '/dev/vda2', scope: 'live' }]);
    expect(host.text('/proc/swaps')).toBe(swapsText());
  });

  it('is commented out again when an administrator adds a line, and the lines of others stay', async () => {
    const { host } = swapMachine();
    await passSwap(host);
    host.put('/etc/fstab', `${host.text('/etc/fstab')}/swapfile none swap sw 0 0\n`);

    await passSwap(host);

    expect(host.text('/etc/fstab')).toBe(
      'LABEL=root / ext4 errors=remount-ro 0 1\n# nodeprep: disabled: LABEL=swap none swap sw 0 0\n# nodeprep: disabled: /swapfile none swap sw 0 0\n',
    );
  });

  it('is one change however many lines there are, so that one edit by another program is one fight', async () => {
    const { host } = swapMachine({ '/etc/fstab': '/dev/a none swap\n/dev/b none swap\n/dev/c none swap\n' });

    const plan = await planOf(host);

    expect(plan.steps.flatMap((step) => step.changes).filter(({ target }) => target === '/etc/fstab')).toHaveLength(1);
  });
});

describe('swap from elsewhere', () => {
  it('is off on all devices: partition, file with a blank, zram', async () => {
    const { host } = swapMachine({
      '/my swap': 'file',
      '/proc/swaps': swapsText(['/dev/vda2', 1024], ['/my swap'], ['/dev/zram0', 2048, 100]),
    });

    const report = await passSwap(host);

    expect(host.text('/proc/swaps')).toBe(swapsText());
    expect(report.remaining).toEqual([]);
    expect(masks(host)).toContain('my\\x20swap.swap');
  });

  it('of the partition table is masked under every name of the partition', async () => {
    const { host, systemd } = swapMachine({ '/etc/fstab': '' }, { gptSwap: '/dev/vda2' });
    systemd.boot(host);

    await passSwap(host);

    expect(masks(host)).toEqual([LABEL_UNIT, UUID_UNIT, 'dev-vda2.swap', 'swap.target']);
  });

  it('of the partition table is masked before it appears, which it does as soon as fstab has no swap line', async () => {
    const { host } = swapMachine({ '/proc/swaps': swapsText() }, { gptSwap: '/dev/vda2' });

    const report = await passSwap(host);

    expect(report.remaining).toEqual([]);
    expect(masks(host)).toContain('dev-vda2.swap');
  });

  it('of a partition that only udev knows of is masked before fstab loses its last swap line', async () => {
    const { host } = swapMachine(
      {
        '/etc/fstab': '/swapfile none swap sw 0 0\n',
        '/proc/swaps': swapsText(),
        '/run/udev/data/b254:2': 'I:1\nE:ID_PART_ENTRY_TYPE=0657fd6d-a4ab-43c4-84e5-0933c84b4f4f\nV:1\n',
        '/run/udev/data/b254:1': 'I:1\nE:ID_PART_ENTRY_TYPE=0fc63daf-8483-4772-8e79-3d69d8477de4\nV:1\n',
        '/sys/dev/block/254:2/uevent': 'MAJOR=254\nMINOR=2\nDEVNAME=vda2\n',
      },
      { gptSwap: '/dev/vda2' },
    );

    const report = await passSwap(host);

    expect(report.remaining).toEqual([]);
    expect(masks(host)).toEqual(['dev-vda2.swap', 'swap.target', 'swapfile.swap']);
  });

  it('of zram-generator is masked by its unit, and its configuration stays as it is', async () => {
    const conf = '[zram0]\nzram-size = 64\n[zram1]\nmount-point = /var/tmp\n';
    const { host, systemd } = swapMachine({ '/etc/systemd/zram-generator.conf': conf });
    systemd.boot(host);

    await passSwap(host);
    systemd.boot(host);

    expect(host.text('/proc/swaps')).toBe(swapsText());
    expect(host.text('/etc/systemd/zram-generator.conf')).toBe(conf);
    expect(masks(host)).toContain('dev-zram0.swap');
    expect(masks(host)).not.toContain('dev-zram1.swap');
  });

  it.each(['dphys-swapfile.service', 'zramswap.service', 'swapspace.service'])(
    'of %s is off, and the service is stopped and masked',
    async (service) => {
      const { host, systemd } = swapMachine(
        { '/var/swap': 'file', [`/usr/lib/systemd/system/${service}`]: '[Service]\n', '/etc/fstab': '' },
        { services: { [service]: '/var/swap' } },
      );
      systemd.boot(host);
      expect(host.text('/proc/swaps')).toContain('/var/swap');

      const report = await passSwap(host);

      expect(report.remaining).toEqual([]);
      expect(report.applied).toContainEqual(expect.objectContaining({ target: service, to: 'stopped' }));
      expect(masks(host)).toContain(service);
      systemd.boot(host);
      expect(host.text('/proc/swaps')).toBe(swapsText());
    },
  );

  it('of a service that is not there leaves no mask', async () => {
    const { host } = swapMachine();

    await passSwap(host);

    expect(masks(host).filter((unit) => unit.endsWith('.service'))).toEqual([]);
  });

  it('of a unit that the administrator wrote stays off by a drop-in, and his file stays', async () => {
    const unit = '[Swap]\nWhat=/swapfile\n[Install]\nWantedBy=swap.target\n';
    const { host, systemd } = swapMachine({
      '/swapfile': 'file',
      '/etc/fstab': '',
      '/etc/systemd/system/swapfile.swap': unit,
      '/etc/systemd/system/swap.target.wants/swapfile.swap': { link: '../swapfile.swap' },
    });
    systemd.boot(host);

    // Without the mask of swap.target, so that the drop-in alone has to hold it.
    await passSwap(host, swapSpec('ZramHostOnly'));
    systemd.boot(host);

    expect(host.text('/proc/swaps')).toBe(swapsText());
    expect(host.text('/etc/systemd/system/swapfile.swap')).toBe(unit);
    expect(host.text('/etc/systemd/system/swapfile.swap.d/nodeprep.conf')).toContain('ConditionPathExists=!/');
    expect((await passSwap(host, swapSpec('ZramHostOnly'))).drift).toEqual([]);
  });

  it('of a unit in a place that wins over masks is a conflict with its file', async () => {
    const file = '/run/systemd/generator.early/dev-vda2.swap';
    const { host } = swapMachine({ [file]: '[Swap]\nWhat=/dev/vda2\n', '/etc/fstab': '' });

    const report = await passSwap(host);

    expect(report.conflicts).toMatchObject([{ target: 'dev-vda2.swap', reason: 'Conflict', file }]);
    expect((await passSwap(host)).applied).toEqual([]);
  });
});

describe('ZramHostOnly', () => {
  it('keeps zram and its units, and turns everything else off', async () => {
    const { host, systemd } = swapMachine({
      '/etc/systemd/zram-generator.conf': '[zram0]\n',
      '/usr/lib/systemd/system/zramswap.service': '',
    });
    systemd.boot(host);

    const report = await passSwap(host, swapSpec('ZramHostOnly'));
    systemd.boot(host);

    expect(report.entries).toMatchObject([{ state: 'InSync', desired: 'ZramHostOnly' }]);
    expect(host.text('/proc/swaps')).toContain('/dev/zram0');
    expect(host.text('/proc/swaps')).not.toContain('/dev/vda2');
    expect(masks(host)).toEqual([LABEL_UNIT, UUID_UNIT, 'dev-vda2.swap']);
  });

  it('gives zram back when it was off before, and swap.target with it', async () => {
    const { host, systemd } = swapMachine({ '/etc/systemd/zram-generator.conf': '[zram0]\n' });
    systemd.boot(host);
    await passSwap(host);

    await passSwap(host, swapSpec('ZramHostOnly', { deletionPolicy: 'Restore' }));

    expect(host.text('/proc/swaps')).toContain('/dev/zram0');
    expect(host.text('/proc/swaps')).not.toContain('/dev/vda2');
    expect(masks(host)).not.toContain('swap.target');
    expect(masks(host)).not.toContain('dev-zram0.swap');
  });
});

describe('masks of others', () => {
  it('count, and are neither recorded nor taken away', async () => {
    const { host } = swapMachine({ '/etc/systemd/system/swap.target': { link: '/dev/null' } });

    const report = await passSwap(host);
    await passSwap(host, { ...swapSpec('Unmanaged'), deletionPolicy: 'Restore' });

    expect(report.applied.map(({ target }) => target)).not.toContain('swap.target');
    expect(masks(host)).toEqual(['swap.target']);
  });

  it('may be empty files, as systemd has it', async () => {
    const { host } = swapMachine({ '/etc/systemd/system/swap.target': '' });

    await passSwap(host);

    expect(host.text('/etc/systemd/system/swap.target')).toBe('');
  });
});

describe('a reload of systemd', () => {
  it('is made good by the next pass when it failed or never came', async () => {
    const { host } = swapMachine();
    await passSwap(host);
    // As after a crash between mask and reload: systemd has not noticed the mask of a later unit.
    host.put('/etc/systemd/system/swap.target', undefined);
    await host.run(['systemctl', 'daemon-reload']);
    host.put('/etc/systemd/system/swap.target', { link: '/dev/null' });

    expect(changeLines(await planOf(host))).toEqual(['live restart systemd: older unit files -> reloaded']);
    await passSwap(host);
    expect(changeLines(await planOf(host))).toEqual([]);
  });
});
