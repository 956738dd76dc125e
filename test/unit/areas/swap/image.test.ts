import { cpSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createLinuxHost } from '../../../../src/host/linux/linux-host.ts';
import { temporaryDirectory } from '../../../support/hosts-alike.ts';
import { changeLines, masks, passSwap, planOf, REMOVED, swapMachine, onDisk } from '../../../support/swap-pass.ts';

describe('an image', () => {
  const image = () => {
    const { host } = swapMachine(
      {
        '/etc/systemd/zram-generator.conf': '[zram0]\n',
        '/etc/init.d/dphys-swapfile': '#!/bin/sh\n',
        '/usr/lib/systemd/system/zramswap.service': '[Service]\n',
      },
      { kernel: 'absent' },
    );
    for (const path of ['/proc', '/run', '/dev']) host.put(path, undefined);
    return host;
  };

  it('has everything held that would bring swap at its first boot, found by files alone', async () => {
    const host = image();

    const report = await passSwap(host);

    expect(host.text('/etc/fstab')).toContain('# nodeprep: disabled: LABEL=swap');
    expect(masks(host)).toEqual([
      'dev-disk-by\\x2dlabel-swap.swap',
      'dev-zram0.swap',
      'dphys-swapfile.service',
      'swap.target',
      'zramswap.service',
    ]);
    expect([report.remaining, report.deferred, report.failures]).toEqual([[], [], []]);
    expect(report.entries[0]).not.toHaveProperty('live');
    expect((await passSwap(host)).drift).toEqual([]);
  });

  it('is given back byte for byte', async () => {
    const host = image();
    const before = onDisk(host);

    await passSwap(host);
    await passSwap(host, REMOVED);

    expect(onDisk(host)).toEqual(before);
  });

  it('without systemd gets no masks', async () => {
    const { host } = swapMachine({}, { kernel: 'absent', hasSystemd: false });

    await passSwap(host);

    expect(host.toString()).not.toContain('/etc/systemd');
  });
});

describe('a captured host', () => {
  const captured = (name: string) => {
    const root = temporaryDirectory();
    // Without the thousands of files of sysctls and modules.
    const filter = (path: string) => !/\/root\/(proc\/sys|sys|usr\/lib\/modules|lib\/modules)(\/|$)/.test(path);
    cpSync(`test/support/hosts/${name}/root`, root, { recursive: true, verbatimSymlinks: true, filter });
    return createLinuxHost({ root });
  };

  it.each(['debian-12', 'debian-13'])('%s shows what would be done, live steps at the next boot', async (name) => {
    const host = captured(name);

    const lines = changeLines(await planOf(host));
    const report = await passSwap(host);

    expect(lines).toContain('persistent update /etc/fstab: line 2: LABEL=swap none swap sw 0 0 -> commented out');
    expect(lines).toContain('live disable /dev/vda2: 256 MiB, 0 used -> off');
    expect(report.deferred.map(({ change, reason }) => [change.target, reason])).toEqual([
      ['/dev/zram0', 'NextBoot'],
      ['/dev/vda2', 'NextBoot'],
    ]);
    expect(await host.readLink('/etc/systemd/system/swap.target')).toBe('/dev/null');
    expect(await host.readLink('/etc/systemd/system/dev-zram0.swap')).toBe('/dev/null');
    expect(await host.readLink('/etc/systemd/system/dev-disk-by\\x2dlabel-swap.swap')).toBe('/dev/null');
    expect((await passSwap(host)).applied).toEqual([]);
  });
});
