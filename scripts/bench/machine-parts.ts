/**
 * The virtual machine of a benchmark: the one of the end-to-end tests with other tools in its image
 * and with the executable, and mgmt where this machine has it, on its second disk.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder } from '../../test/e2e/harness/cache.ts';
import { copyExecutable, writeDisk } from '../../test/e2e/harness/executable.ts';
import { ensureImageWith } from '../../test/e2e/harness/image.ts';
import type { MachineParts } from '../../test/e2e/harness/qemu-arguments.ts';
import { DIST } from '../build/paths.ts';

/** GNU time tells the most memory that a command had. */
const PACKAGES = ['cfengine3', 'ansible', 'time'];
/** Ansible beside a full page cache; the size of memory does not change what a tool takes. */
const MEMORY_MB = 1024;

/** Builds what is missing; minutes at the first time. `remove` deletes what only this run needs. */
export async function prepareParts(): Promise<{ readonly parts: MachineParts; readonly remove: () => void }> {
  const image = await ensureImageWith('bench', 'bookworm', PACKAGES);
  const work = mkdtempSync(join(cacheFolder(), `unfinished-${process.pid}-bench`));
  const remove = () => rmSync(work, { recursive: true, force: true });
  try {
    return { parts: { image, toolsDisk: toolsDisk(work), memoryMb: MEMORY_MB, append: '' }, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function toolsDisk(work: string): string {
  const root = join(work, 'root');
  copyExecutable(DIST, root);
  const mgmt = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'mgmt'));
  const found = mgmt.find((path) => existsSync(path));
  if (found !== undefined) cpSync(found, join(root, 'mgmt'), { dereference: true });
  const disk = join(work, 'disk');
  writeDisk(root, disk);
  return disk;
}
