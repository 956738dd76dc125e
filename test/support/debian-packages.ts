/** Programs of Debian packages for tests: unpacked beside the system, not installed, so no service and no user comes along. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder in which packages are kept unpacked under a name. */
export function unpackedFolder(name: string): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), `nodeprep-${name}`);
}

/** Has the packages in their folder. Gives why they could not be had; `undefined` when they are there. */
export function unpackPackages(name: string, packages: readonly string[]): string | undefined {
  const folder = unpackedFolder(name);
  if (existsSync(folder)) return undefined;
  if (spawnSync('apt-get', ['--version']).status !== 0) return 'this machine has no apt-get to get it with';
  const work = `${folder}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const download = () => spawnSync('apt-get', ['-q', 'download', ...packages], { cwd: work, encoding: 'utf8' });
    let done = download();
    // A fresh machine has no package lists yet, and an old one lists versions that are gone.
    if (done.status !== 0) {
      spawnSync('apt-get', ['-qq', 'update']);
      done = download();
    }
    const files = readdirSync(work).filter((one) => one.endsWith('.deb'));
    if (files.length < packages.length)
      return `"apt-get download ${packages.join(' ')}" failed: ${(done.stderr ?? '').trim().split('\n').at(-1)}`;
    for (const file of files) {
      const unpacked = spawnSync('dpkg-deb', ['-x', join(work, file), join(work, 'root')], { encoding: 'utf8' });
      if (unpacked.status !== 0) return `"dpkg-deb -x ${file}" failed: ${unpacked.stderr.trim()}`;
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(work, 'root'), folder);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
