import { expect, test } from 'vitest';
import { usedLoaders } from '../../../../../src/areas/boot-parameters/loaders/loaders.ts';
import { MemoryHost } from '../../../../../src/host/memory/memory-host.ts';

test('a host without a boot loader has none in use', async () => {
  expect(await usedLoaders(new MemoryHost(), new AbortController().signal)).toEqual([]);
});
