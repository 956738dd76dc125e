/** The second disk of every machine: the executable under test and the one of the build before it. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder, hashOf } from './cache.ts';

/** Large enough for two executables; constant, because a snapshot remembers the size of its disks. */
const DISK_MB = 512;
const PROJECT = resolve(import.meta.dirname, '../../..');

/** A built executable and the folder that holds it with what it needs beside it. */
export interface ToolsDisk {
  readonly file: string;
  /** Changes with the executable under test. */
  readonly key: string;
  /** What the executable of the build before is, in words. */
  readonly previous: string;
}

/** Builds what is missing and writes the disk. */
export function buildToolsDisk(): ToolsDisk {
  const dist = process.env['E2E_DIST'] ?? join(PROJECT, 'dist');
  const executable = join(dist, 'nodeprep');
  if (!existsSync(executable)) execFileSync('npm', ['run', '-s', 'build'], { cwd: PROJECT, stdio: 'inherit' });
  const work = mkdtempSync(join(cacheFolder(), `unfinished-${process.pid}-tools`));
  try {
    copyExecutable(resolve(dist), join(work, 'root/current'));
    const previous = process.env['E2E_PREVIOUS'];
    copyExecutable(resolve(previous ?? dist), join(work, 'root/previous'));
    // Without an earlier build, the same one with another content: what is appended to an executable is not loaded.
    if (previous === undefined) appendFileSync(join(work, 'root/previous/nodeprep'), '\n');
    const key = hashOf(executable);
    const file = join(cacheFolder(), 'tools.img');
    execFileSync('truncate', ['-s', `${DISK_MB}M`, join(work, 'disk')]);
    execFileSync('mke2fs', [
      '-q',
      '-F',
      '-t',
      'ext4',
      '-O',
      '^has_journal',
      '-d',
      join(work, 'root'),
      join(work, 'disk'),
    ]);
    renameSync(join(work, 'disk'), file);
    return {
      file,
      key,
      previous: previous ?? 'the same build with other bytes; E2E_PREVIOUS names a folder with an earlier one',
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Everything that is run; packages and sums of the same build stay behind. */
function copyExecutable(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (!entry.isFile() || /\.(deb|xz|sha256|txt|json)$|arm64/.test(entry.name)) continue;
    cpSync(join(from, entry.name), join(to, entry.name), { preserveTimestamps: true });
  }
}
