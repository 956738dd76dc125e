/** Emulated machines for scenarios: the first one boots once, the others continue its snapshot. */
import { join } from 'node:path';
import { cached, hashOf } from './cache.ts';
import type { Tools } from './executable.ts';
import { ensureImage } from './image.ts';
import { bootMachine } from './machine.ts';
import type { MachineParts } from './qemu-arguments.ts';

const MEMORY_MB = 512;

/** What every machine is made of. */
export interface Machinery {
  readonly parts: MachineParts;
  /** Snapshot of a running machine that has never seen NodePrep. */
  readonly pristine: string;
  /** Changes with the executable and with the image. */
  readonly key: string;
}

/** Builds the image and boots the first machine where that has not been done. Takes minutes then. */
export async function ensureMachinery(tools: Tools): Promise<Machinery> {
  const image = await ensureImage('bookworm');
  const parts: MachineParts = { image, toolsDisk: tools.disk, memoryMb: MEMORY_MB, append: '' };
  const imageKey = hashOf(
    join(image, 'initrd'),
    join(import.meta.dirname, 'build-image'),
    join(import.meta.dirname, 'debian-tree'),
    join(import.meta.dirname, 'qemu-arguments.ts'),
  );
  const pristine = await cached('pristine', imageKey, async (folder) => {
    console.log('e2e: booting a machine for the first snapshot');
    const machine = await bootMachine(parts);
    try {
      await machine.save(folder);
    } finally {
      await machine.stop();
    }
  });
  return { parts, pristine, key: `${tools.key}-${imageKey}` };
}
