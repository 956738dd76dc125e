/** An image that nodes have without a registry. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { writeImageArchive } from './image-archive.ts';

/** The image of pods that do nothing; also what containerd holds the namespaces of each pod with. */
export const IDLE_IMAGE = 'docker.io/library/idle:1';

/** Writes it into a folder, with the busybox of a root tree; resolves with the file. */
export function writeIdleImage(folder: string, tree: string): string {
  const root = join(folder, 'idle-root');
  mkdirSync(join(root, 'bin'), { recursive: true });
  cpSync(join(tree, 'bin/busybox'), join(root, 'bin/busybox'));
  for (const name of ['sh', 'sleep']) symlinkSync('busybox', join(root, 'bin', name));
  const archive = join(folder, 'idle.tar');
  // Process 1 of a namespace ends only by a signal that it handles.
  const wait = 'trap exit TERM INT; while :; do sleep 1000 & wait $!; done';
  writeImageArchive(archive, IDLE_IMAGE, root, { Entrypoint: ['/bin/sh', '-c', wait] });
  return archive;
}
