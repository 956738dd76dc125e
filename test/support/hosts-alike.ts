/** Both kinds of host with the same files, for the suites that hold them to the same behaviour. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { createLinuxHost } from '../../src/host/linux/linux-host.ts';
import { type MemoryFiles, MemoryHost } from '../../src/host/memory/memory-host.ts';

const temporary: string[] = [];

afterEach(() => {
  for (const directory of temporary.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A new directory that is removed after the test. */
export function temporaryDirectory(): string {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'nodeprep-test-'));
  temporary.push(root);
  return root;
}

/** Puts files below a directory as `MemoryHost` takes them. */
export function fill(root: string, files: MemoryFiles): void {
  for (const [path, file] of Object.entries(files)) {
    mkdirSync(file === null ? root + path : dirname(root + path), { recursive: true });
    if (typeof file === 'string') {
      writeFileSync(root + path, file);
      chmodSync(root + path, 0o644);
    } else if (file !== null) symlinkSync(file.link, root + path);
  }
}

function directoryHost(files: MemoryFiles): Host {
  const root = temporaryDirectory();
  fill(root, files);
  return createLinuxHost({ root });
}

const memoryHost = (files: MemoryFiles): Host =>
  new MemoryHost(files, { kernel: '/proc/modules' in files ? 'captured' : 'absent' });

/** The hosts without a running kernel, each made from files. */
export const hosts = [
  { name: 'MemoryHost', create: memoryHost },
  { name: 'LinuxHost', create: directoryHost },
] as const;
