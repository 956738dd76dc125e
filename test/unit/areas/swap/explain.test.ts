import { describe, expect, it } from 'vitest';
import { swap } from '../../../../src/areas/swap/index.ts';
import { observed, passSwap, swapMachine, swapSpec, type SwapMachine } from '../../../support/swap-pass.ts';

const spec = swapSpec('Disabled');
const explain = async ({ host }: SwapMachine, entry: string) =>
  swap.explain(entry, swap.desired(spec), await observed(host, spec));
const verify = async ({ host }: SwapMachine, declared = spec) =>
  swap.verify(swap.desired(declared), await observed(host, declared));

describe('explain swap', () => {
  it('names the error that people see, word for word', async () => {
    const text = (await explain(swapMachine(), 'swap'))?.symptom;

    expect(text).toContain(
      'running with swap on is not supported, please disable swap or set --fail-swap-on flag to false',
    );
    expect(text).toContain('[WARNING Swap]: swap is supported for cgroup v2 only');
  });

  it('lists what brings swap at boot, with line, and what holds it afterwards', async () => {
    const machine = swapMachine({ '/etc/systemd/zram-generator.conf': '# x\n[zram0]\n' });
    machine.systemd.boot(machine.host);

    const before = (await explain(machine, 'swap'))?.sources ?? [];
    await passSwap(machine.host);
    const after = (await explain(machine, 'swap'))?.sources ?? [];

    expect(before).toContainEqual({ file: '/etc/fstab', line: 2, value: 'LABEL=swap none swap sw 0 0', wins: true });
    expect(before).toContainEqual({
      file: '/etc/systemd/zram-generator.conf',
      line: 2,
      value: 'dev-zram0.swap',
      wins: true,
    });
    expect(after.filter(({ wins }) => wins).every(({ note }) => note === 'keeps it off')).toBe(true);
    expect(after).toContainEqual(expect.objectContaining({ file: '/etc/fstab', note: 'turned off by NodePrep' }));
  });

  it('shows systemd.swap=no of the kernel command line', async () => {
    const { sources = [] } = (await explain(swapMachine({ '/proc/cmdline': 'quiet systemd.swap=0\n' }), 'swap')) ?? {};

    expect(sources[0]).toMatchObject({ file: '/proc/cmdline', value: 'systemd.swap=no', wins: true });
    expect(sources.filter(({ file }) => file === '/etc/fstab').every(({ wins }) => !wins)).toBe(true);
  });

  it('explains a device and a unit, and knows nothing else', async () => {
    expect(await explain(swapMachine(), '/dev/vda2')).toMatchObject({
      live: '256 MiB, 0 used',
      memoryKeys: expect.arrayContaining(['device:/dev/vda2']),
      sources: [expect.objectContaining({ file: '/etc/fstab', line: 2 })],
    });
    expect(await explain(swapMachine(), 'swap.target')).toMatchObject({ name: 'swap.target' });
    expect(await explain(swapMachine(), '/dev/sdz9')).toBeUndefined();
    expect(await explain(swapMachine(), 'net.ipv4.ip_forward')).toBeUndefined();
  });
});

describe('verify', () => {
  it('fails before and passes after', async () => {
    const machine = swapMachine();

    expect((await verify(machine)).map(({ outcome }) => outcome)).toEqual(['fail', 'fail', 'fail']);
    await passSwap(machine.host);
    expect((await verify(machine)).map(({ outcome, found }) => [outcome, found])).toEqual([
      ['pass', 'off'],
      ['pass', 'none'],
      ['pass', 'none'],
    ]);
  });

  it('only warns of swap that nobody declared', async () => {
    expect((await verify(swapMachine(), swapSpec('Unmanaged'))).map(({ outcome }) => outcome)).toEqual([
      'warn',
      'warn',
      'warn',
    ]);
  });

  it('skips units where there is no systemd', async () => {
    expect((await verify(swapMachine({}, { hasSystemd: false }))).map(({ outcome }) => outcome)).toEqual([
      'fail',
      'fail',
      'skip',
    ]);
  });

  it('passes zram when that is declared', async () => {
    const machine = swapMachine({ '/etc/systemd/zram-generator.conf': '[zram0]\n', '/etc/fstab': '' });
    machine.systemd.boot(machine.host);
    await passSwap(machine.host, swapSpec('ZramHostOnly'));

    expect((await verify(machine, swapSpec('ZramHostOnly'))).map(({ outcome }) => outcome)).toEqual([
      'pass',
      'pass',
      'pass',
    ]);
  });

  it('checks that the parts fit together for LimitedSwap', async () => {
    expect(await verify(swapMachine(), swapSpec('LimitedSwap'))).toMatchObject([{ outcome: 'fail' }]);
  });
});

describe('hints', () => {
  it('poll what raises no event, and watch nothing for a spec without swap', () => {
    const hints = swap.hints(swap.desired(spec));

    expect(hints).toContainEqual({ path: '/proc/swaps', by: 'poll', fields: 3 });
    expect(hints).toContainEqual({ path: '/etc/fstab', by: 'event' });
    expect(swap.hints(swap.desired(swapSpec('Unmanaged')))).toEqual([]);
    const limited = swap.hints(swap.desired(swapSpec('LimitedSwap')));
    expect(limited).toContainEqual({ path: '/var/lib/kubelet/config.yaml', by: 'event' });
  });
});

describe('the likely other party', () => {
  it.each([
    ['/dev/zram0', 'zram-generator'],
    ['/etc/fstab', 'cloud-init'],
    ['/var/swap', 'dphys-swapfile'],
    ['/swapfile', 'cloud-init'],
    ['/dev/vda2', 'systemd-gpt-auto-generator'],
  ])('that turns %s on again is %s', (target, who) => {
    expect(swap.rival(target)).toContain(who);
  });

  it('is not made up', () => {
    expect(swap.rival('/data/my.img')).toBeUndefined();
  });
});
