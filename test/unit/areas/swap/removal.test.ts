import { describe, expect, it } from 'vitest';
import { emptySpec } from '../../../../src/api/spec/nodeprep.ts';
import {
  masks,
  memoryOf,
  onDisk,
  passSwap,
  REMOVED,
  swapMachine,
  swapSpec,
  swapsText,
} from '../../../support/swap-pass.ts';
import { inUse } from '../../../support/records.ts';

const KEEP = emptySpec('Keep');

/** A machine with swap of every kind, booted. */
function richMachine() {
  const machine = swapMachine(
    {
      '/swapfile': 'file',
      '/var/swap': 'file',
      '/etc/fstab': '# mine\r\nLABEL=swap\tnone swap sw,pri=5 0 0\r\n/swapfile none swap sw 0 0',
      '/etc/systemd/zram-generator.conf': '[zram0]\n',
      '/etc/systemd/system/swapfile.swap': '[Swap]\nWhat=/swapfile\n',
      '/usr/lib/systemd/system/dphys-swapfile.service': '[Service]\n',
    },
    { gptSwap: '/dev/vda2', services: { 'dphys-swapfile.service': '/var/swap' } },
  );
  machine.systemd.boot(machine.host);
  return machine;
}

describe('removal with Restore', () => {
  it('gives back every file byte for byte and every device, and remembers nothing', async () => {
    const { host } = richMachine();
    const before = onDisk(host);
    const devices = new Set(
      host
        .text('/proc/swaps')
        ?.split('\n')
        .map((line) => line.split(' ')[0]),
    );

    await passSwap(host);
    expect(host.text('/proc/swaps')).toBe(swapsText());
    const report = await passSwap(host, REMOVED);

    expect(onDisk(host)).toEqual(before);
    expect(
      new Set(
        host
          .text('/proc/swaps')
          ?.split('\n')
          .map((line) => line.split(' ')[0]),
      ),
    ).toEqual(devices);
    expect([report.remaining, report.failures, report.left]).toEqual([[], [], []]);
    expect([...(await memoryOf(host)).keys()]).toEqual([]);
    expect((await passSwap(host, REMOVED)).drift).toEqual([]);
  });

  it('leaves the next boot as it was before NodePrep', async () => {
    const { host, systemd } = richMachine();

    await passSwap(host);
    systemd.boot(host);
    await passSwap(host, REMOVED);
    systemd.boot(host);

    expect(host.text('/proc/swaps')).toContain('/dev/vda2');
  });

  it('keeps the priority that an administrator gave, and leaves the choice to the kernel otherwise', async () => {
    const { host } = swapMachine({
      '/swapfile': 'file',
      '/proc/swaps': swapsText(['/dev/vda2', 0, 7], ['/swapfile', 0, -2]),
    });

    await passSwap(host);
    await passSwap(host, REMOVED);

    expect(host.text('/proc/swaps')).toMatch(/vda2.*\t7\n[^]*swapfile.*\t-2\n/);
  });

  it('takes away the markers of fstab also when the ledger is lost', async () => {
    const { host } = swapMachine();
    const before = host.text('/etc/fstab');
    await passSwap(host);
    host.put('/var/lib/nodeprep/ledger.json', undefined);

    await passSwap(host, REMOVED);

    expect(host.text('/etc/fstab')).toBe(before);
  });

  it('does not take a file for the original that already carried our markers', async () => {
    const { host } = swapMachine({ '/etc/fstab': '# nodeprep: disabled: /a none swap\n/b none swap\n' });

    await passSwap(host);

    expect((await memoryOf(host)).get('file:/etc/fstab')?.original.state).toBe('unknown');
    await passSwap(host, REMOVED);
    expect(host.text('/etc/fstab')).toBe('/a none swap\n/b none swap\n');
  });

  it('keeps the whole original fstab on record while lines are off', async () => {
    const { host } = swapMachine();
    const before = host.text('/etc/fstab');

    await passSwap(host);

    expect((await memoryOf(host)).get('file:/etc/fstab')?.original).toEqual({ state: 'value', value: before });
  });

  it('is done with a swap file that an administrator deleted while it was off', async () => {
    const { host } = swapMachine({ '/swapfile': 'file', '/proc/swaps': swapsText(['/swapfile']), '/etc/fstab': '' });
    await passSwap(host);
    host.put('/swapfile', undefined);

    const report = await passSwap(host, REMOVED);

    expect([report.failures, report.remaining]).toEqual([[], []]);
    expect(report.applied.map(({ target }) => target)).not.toContain('/swapfile');
    expect([...(await memoryOf(host)).keys()]).toEqual([]);
  });

  it('leaves a unit that an administrator put in the place of our mask', async () => {
    const { host } = swapMachine();
    await passSwap(host);
    host.put('/etc/systemd/system/dev-vda2.swap', '[Swap]\nWhat=/dev/vda2\n');

    await passSwap(host, REMOVED);

    expect(host.text('/etc/systemd/system/dev-vda2.swap')).toBe('[Swap]\nWhat=/dev/vda2\n');
    expect(masks(host)).toEqual([]);
    expect([...(await memoryOf(host)).keys()]).toEqual([]);
  });

  it('reports a device that cannot be turned on any more, and keeps trying', async () => {
    const { host } = swapMachine({ '/etc/fstab': '' });
    await passSwap(host);
    const inner = host.run;
    const broken = Object.assign(Object.create(host) as typeof host, {
      run: async (...[command]: Parameters<typeof inner>) =>
        command[0] === 'swapon' ? { stdout: '', stderr: '' } : inner(command),
    });

    const report = await passSwap(broken, REMOVED);

    expect(report.failures).toMatchObject([{ target: '/dev/vda2', reason: 'ApplyFailed' }]);
    expect((await memoryOf(host)).has('device:/dev/vda2')).toBe(true);
  });
});

describe('removal with Keep', () => {
  it('gives back every file, and says which swap stays off until the next reboot', async () => {
    const { host, systemd } = richMachine();
    const before = onDisk(host);
    const swaps = host.text('/proc/swaps');
    await passSwap(host);

    const report = await passSwap(host, KEEP);

    expect(onDisk(host)).toEqual(before);
    expect(host.text('/proc/swaps')).toBe(swapsText());
    expect(report.left.map(({ target, reason }) => [target, reason])).toContainEqual(['/dev/vda2', 'NextBoot']);
    expect(inUse(await memoryOf(host))).toEqual([]);
    systemd.boot(host);
    expect(host.text('/proc/swaps')).toBe(swaps);
  });

  it.each(['Unmanaged', 'LimitedSwap'] as const)('is what a change to %s is, too', async (behavior) => {
    const { host } = richMachine();
    const before = onDisk(host);
    await passSwap(host);

    await passSwap(host, swapSpec(behavior));

    expect(onDisk(host)).toEqual(before);
  });
});

describe('the empty spec', () => {
  it('changes nothing on a host that NodePrep never touched', async () => {
    const { host } = richMachine();
    const before = host.toString();

    const report = await passSwap(host, REMOVED);

    expect(host.toString()).toBe(before);
    expect(report.entries).toEqual([]);
  });

  it('reloads systemd after a crash between unmasking and the reload', async () => {
    const { host } = swapMachine();
    await passSwap(host);
    const whole = await (async () => {
      for (let changes = 1; ; changes += 1) {
        const { host: other } = swapMachine();
        await passSwap(other);
        other.dieAfter(changes);
        await passSwap(other, REMOVED).catch(() => undefined);
        other.revive();
        if (masks(other).length === 0) return other;
      }
    })();

    const report = await passSwap(whole, REMOVED);

    expect(report.drift).toContainEqual(expect.objectContaining({ target: 'systemd', to: 'reloaded' }));
    expect(whole.text('/proc/swaps')).toContain('/dev/vda2');
    expect([...(await memoryOf(whole)).keys()]).toEqual([]);
  });
});

it('turns swap on again that an earlier removal kept off', async () => {
  const { host } = swapMachine({ '/etc/fstab': '' });
  await passSwap(host);
  await passSwap(host, KEEP);
  expect(host.text('/proc/swaps')).toBe(swapsText());

  await passSwap(host, REMOVED);

  expect(host.text('/proc/swaps')).toContain('/dev/vda2');
});
