import { describe, expect, it } from 'vitest';
import { parseSwaps } from '../../../../../src/areas/swap/observe/parse.ts';
import { unsafeSwapoff } from '../../../../../src/areas/swap/plan/safety.ts';
import { passSwap, planOf, swapMachine, swapSpec, swapsText } from '../../../../support/swap-pass.ts';

const MIB = 2 ** 20;
const meminfo = (availableKib: number) => `MemTotal: 9999999 kB\nMemAvailable: ${availableKib} kB\n`;

describe('swap that does not fit into memory', () => {
  it('blocks everything: neither live nor persistent state is touched, not even the ledger', async () => {
    const { host } = swapMachine({
      '/proc/swaps': swapsText(['/dev/vda2', 200_000]),
      '/proc/meminfo': meminfo(250_000),
    });
    await planOf(host);
    const before = host.toString();

    const report = await passSwap(host);

    expect(host.toString()).toBe(before);
    expect(report.entries).toMatchObject([{ state: 'Blocked', reason: 'SwapoffUnsafe' }]);
    expect(report.blocked).toMatchObject([{ target: 'swap', reason: 'SwapoffUnsafe', transient: true }]);
  });

  it('is said with the numbers, readable and exact', () => {
    const finding = unsafeSwapoff(parseSwaps(swapsText(['/dev/vda2', 204_800])), 200 * MIB, 128 * MIB);

    expect(finding?.message).toContain('200 MiB (209715200 bytes) are in use on /dev/vda2');
    expect(finding?.message).toContain('MemAvailable is 200 MiB (209715200 bytes)');
    expect(finding?.message).toContain('128 MiB (134217728 bytes) of it is the reserve');
  });

  it('is decided at the very byte', () => {
    const devices = parseSwaps(swapsText(['/dev/a', 1024], ['/dev/b', 1024]));

    expect(unsafeSwapoff(devices, 130 * MIB, 128 * MIB)).toBeUndefined();
    expect(unsafeSwapoff(devices, 130 * MIB - 1, 128 * MIB)).toBeDefined();
  });

  it('counts all devices together, but only those that have to go', async () => {
    const { host } = swapMachine({
      '/proc/swaps': swapsText(['/dev/vda2', 1024], ['/dev/zram0', 900_000, 100]),
      '/proc/meminfo': meminfo(200_000),
    });

    expect((await planOf(host)).blocked).toHaveLength(1);
    expect((await planOf(host, swapSpec('ZramHostOnly'))).blocked).toEqual([]);
  });

  it('is no obstacle when nothing is in use, however short memory is', () => {
    expect(unsafeSwapoff(parseSwaps(swapsText(['/dev/a'])), 0, 128 * MIB)).toBeUndefined();
    expect(unsafeSwapoff(parseSwaps(swapsText(['/dev/a'])), undefined, 0)).toBeUndefined();
  });

  it('is assumed when the memory cannot be known', () => {
    expect(unsafeSwapoff(parseSwaps(swapsText(['/dev/a', 4])), undefined, 0)?.message).toContain('cannot be read');
  });

  it('is checked again right before each device, because memory runs short meanwhile', async () => {
    const { host } = swapMachine({
      '/swapfile': 'file',
      '/proc/swaps': swapsText(['/dev/vda2', 1024], ['/swapfile', 1024]),
      '/proc/meminfo': meminfo(140_000),
    });

    const report = await passSwap(host, swapSpec('Disabled'), {
      onStep: (event) => {
        if (event.type === 'applied' && event.changes[0]?.target === '/dev/vda2') host.put('/proc/meminfo', meminfo(1));
      },
    });

    expect(report.failures).toMatchObject([{ target: '/swapfile', reason: 'SwapoffUnsafe', transient: true }]);
    expect(host.text('/proc/swaps')).toBe(swapsText(['/swapfile', 1024]));
  });

  it('goes as soon as memory is free again', async () => {
    const { host } = swapMachine({ '/proc/swaps': swapsText(['/dev/vda2', 200_000]), '/proc/meminfo': meminfo(1000) });
    await passSwap(host);
    host.put('/proc/meminfo', meminfo(900_000));

    const report = await passSwap(host);

    expect(report.entries).toMatchObject([{ state: 'InSync' }]);
  });
});
