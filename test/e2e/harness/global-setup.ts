/** Prepares once what every end-to-end test needs, or finds out why none can run. */
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { cached, hashOf } from './cache.ts';
import { buildToolsDisk, type ToolsDisk } from './executable.ts';
import { ensureImage } from './image.ts';
import { bootMachine } from './machine.ts';
import type { MachineParts } from './qemu-arguments.ts';
import { whyNot } from './requirements.ts';

/** What the tests get to know, as `inject('e2e')`. */
export interface Prepared {
  /** Why every test is skipped, `undefined` when they run. */
  readonly skipped: string | undefined;
  readonly parts: MachineParts;
  /** Snapshot of a running machine that has never seen NodePrep. */
  readonly pristine: string;
  /** Changes with the executable and with the image. */
  readonly key: string;
  /** What the executable of the build before is, in words. */
  readonly previous: string;
  /** When everything has to be over, in the time of `Date.now`. */
  readonly deadline: number;
}

declare module 'vitest' {
  interface ProvidedContext {
    e2e: Prepared;
  }
}

const MEMORY_MB = 512;
/** How long all of it may take, with the building of images. */
const BUDGET_MINUTES = Number(process.env['E2E_BUDGET_MINUTES'] ?? 180);
const DEADLINE = Date.now() + BUDGET_MINUTES * 60_000;

/** Called by vitest before the first test file. */
export default async function setup(project: TestProject): Promise<void> {
  const prepared = await prepare();
  if (prepared.skipped !== undefined) console.log(`e2e: all end-to-end tests are skipped: ${prepared.skipped}`);
  project.provide('e2e', prepared);
}

function skip(reason: string): Prepared {
  const parts = { image: '', toolsDisk: '', memoryMb: MEMORY_MB, append: '' };
  return { skipped: reason, parts, pristine: '', key: '', previous: '', deadline: DEADLINE };
}

async function prepare(): Promise<Prepared> {
  const reason = whyNot();
  if (reason !== undefined) return skip(reason);
  // A build that fails is a failure of the project, not a reason to skip.
  const tools = await buildToolsDisk();
  try {
    return await prepareMachines(tools);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    console.log(`e2e: ${message}`);
    return skip(message.split('\n', 1)[0] ?? message);
  }
}

async function prepareMachines(tools: ToolsDisk): Promise<Prepared> {
  const image = await ensureImage('bookworm');
  const parts: MachineParts = { image, toolsDisk: tools.file, memoryMb: MEMORY_MB, append: '' };
  const imageKey = hashOf(
    join(image, 'initrd'),
    join(import.meta.dirname, 'build-image'),
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
  return {
    skipped: undefined,
    parts,
    pristine,
    key: `${tools.key}-${imageKey}`,
    previous: tools.previous,
    deadline: DEADLINE,
  };
}
