/** The trees in test/support/boot as hosts; README.md there says where each comes from. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { BootLoader, LoaderEdit, LoaderState } from '../../src/areas/boot-parameters/loaders/loader.ts';
import { loaderNamed, usedLoaders } from '../../src/areas/boot-parameters/loaders/loaders.ts';
import { MemoryHost } from '../../src/host/memory/memory-host.ts';

const FOLDER = join(import.meta.dirname, 'boot');

/** Their names. */
export const BOOT_TREES: readonly string[] = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The files of a tree by their path on the host. */
export function bootTree(name: string): Readonly<Record<string, string>> {
  const root = join(FOLDER, name);
  const files = readdirSync(root, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [`/${relative(root, path)}`, readFileSync(path, 'utf8')];
    }),
  );
}

/** An image of a machine that has the files of a tree. */
export function bootHost(name: string, more: Readonly<Record<string, string>> = {}): MemoryHost {
  return new MemoryHost({ ...bootTree(name), ...more }, { kernel: 'absent' });
}

/** Every boot loader of a host with what it reads. */
export async function bootLoadersOf(host: MemoryHost): Promise<readonly { loader: BootLoader; state: LoaderState }[]> {
  const used = await usedLoaders(host, new AbortController().signal);
  return used.map(({ name, state }) => ({ loader: loaderNamed(name), state }));
}

/** The one boot loader of a host. */
export async function bootLoaderOf(host: MemoryHost): Promise<{ loader: BootLoader; state: LoaderState }> {
  const [used, ...others] = await bootLoadersOf(host);
  if (used === undefined || others.length > 0) throw new Error(`Not one boot loader but ${others.length + 1}`);
  return used;
}

/** Writes what an edit says. */
export function writeEdit(host: MemoryHost, edit: LoaderEdit): void {
  for (const { path, contents } of edit.files) host.put(path, contents);
}
