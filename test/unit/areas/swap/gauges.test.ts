import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { SWAP_GAUGES } from '../../../../src/areas/swap/gauges.ts';

const HOSTS = new URL('../../../support/hosts/debian-12/', import.meta.url);
const swapBytesOf = (host: MemoryHost) => SWAP_GAUGES[0]?.read(host);
const captured = (path: string) => readFileSync(new URL(path, HOSTS), 'utf8');

test('adds up the swap of a real machine, zram and partition', async () => {
  const host = new MemoryHost({ '/proc/swaps': captured('root/proc/swaps') });

  expect(await swapBytesOf(host)).toBe((65_532 + 262_140) * 1024);
});

test('is 0 when swap is off, and on a kernel without swap support', async () => {
  const off = new MemoryHost({ '/proc/swaps': captured('after-swapoff/root/proc/swaps') });
  const without = new MemoryHost({ '/proc/meminfo': captured('root/proc/meminfo') });

  expect([await swapBytesOf(off), await swapBytesOf(without)]).toEqual([0, 0]);
});

test('is unknown, not 0, when there is no /proc to ask', async () => {
  expect(await swapBytesOf(new MemoryHost({}))).toBe(undefined);
});
