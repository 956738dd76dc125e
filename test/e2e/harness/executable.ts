/** What every system gets to see at `TOOLS`: the executable under test, the build before it, its packages, its image. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { hashOf, newFolder } from './cache.ts';
import { previousBuild } from './previous.ts';

/** Large enough for three executables and two packages; constant, because a snapshot remembers the size of its disks. */
const DISK_MB = 512;
const PROJECT = resolve(import.meta.dirname, '../../..');
/** What goes into an executable and its package. */
const SOURCES = [
  'src',
  'scripts/build',
  'scripts/build.ts',
  'scripts/build-deb.ts',
  'scripts/deb',
  'scripts/man',
  'scripts/reference',
  'manifests/systemd',
];

/** What is under test, for as long as this process runs. */
export interface Tools {
  /** As a native node sees it. */
  readonly root: string;
  /** The same as the second disk of an emulated machine. */
  readonly disk: string;
  /** Changes with the executable under test. */
  readonly key: string;
  /** What the executable of the build before is, in words. */
  readonly previous: string;
}

/** Builds what is missing or older than its sources, and puts it together. */
export async function buildTools(): Promise<Tools> {
  const given = process.env['E2E_DIST'];
  const dist = resolve(given ?? join(PROJECT, 'dist'));
  const executable = join(dist, 'nodeprep');
  if (given === undefined) {
    const changed = newest(SOURCES.map((name) => join(PROJECT, name)));
    if (changed > newest([executable])) npm('build', '--', '--no-archive');
    if (changed > newest(packagesIn(dist))) npm('build:deb');
  }
  const previous = await previousBuild();
  const folder = newFolder('tools');
  const root = join(folder, 'root');
  copyExecutable(dist, join(root, 'current'));
  copyExecutable(previous.folder ?? dist, join(root, 'previous'));
  // Without an earlier build, the same one with another content: what is appended to an executable is not loaded.
  if (previous.folder === undefined) appendFileSync(join(root, 'previous/nodeprep'), '\n');
  copyPackages(dist, join(root, 'packages'), folder);
  npm('build:image-root', '--', '--output', join(root, 'image'), '--executable', executable);
  const disk = join(folder, 'disk');
  writeDisk(root, disk);
  return { root, disk, key: hashOf(executable), previous: previous.words };
}

/** Removes what `buildTools` has put together. */
export function removeTools({ disk }: Tools): void {
  rmSync(dirname(disk), { recursive: true, force: true });
}

/** Writes a file system with what is in a folder, for the second disk of a machine. */
export function writeDisk(root: string, disk: string): void {
  execFileSync('truncate', ['-s', `${DISK_MB}M`, disk]);
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-O', '^has_journal', '-d', root, disk]);
}

function npm(...script: readonly string[]): void {
  console.log(`e2e: npm run ${script.join(' ')}`);
  execFileSync('npm', ['run', '-s', ...script], { cwd: PROJECT, stdio: 'inherit' });
}

/** When the newest of some files or folders was changed; 0 when there is none. */
function newest(paths: readonly string[]): number {
  const times = paths.map((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory() !== true) return stat?.mtimeMs ?? 0;
    return newest(readdirSync(path).map((name) => join(path, name)));
  });
  return Math.max(0, ...times);
}

function packagesIn(dist: string): readonly string[] {
  return readdirSync(dist)
    .filter((name) => name.endsWith('_amd64.deb'))
    .map((name) => join(dist, name));
}

/** Copies everything of a build that is run; packages and sums of the same build stay behind. */
export function copyExecutable(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (!entry.isFile() || /\.(deb|xz|sha256|txt|json|cjs)$|arm64/.test(entry.name)) continue;
    cpSync(join(from, entry.name), join(to, entry.name), { preserveTimestamps: true });
  }
}

/** The package as it was built, and the same with a higher version for an upgrade. */
function copyPackages(dist: string, to: string, work: string): void {
  const [built] = packagesIn(dist).toSorted((one, other) => newest([other]) - newest([one]));
  if (built === undefined) throw new Error(`there is no Debian package in ${dist}; "npm run build:deb" makes one`);
  console.log(`e2e: using ${basename(built)}`);
  mkdirSync(to);
  cpSync(built, join(to, 'nodeprep.deb'));
  const tree = join(work, 'newer');
  execFileSync('dpkg-deb', ['--raw-extract', built, tree]);
  const control = join(tree, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*/m, '$&+newer'));
  appendFileSync(join(tree, 'usr/lib/nodeprep/nodeprep'), '\n');
  // They are of the package as it was built; without them dpkg counts for itself.
  rmSync(join(tree, 'DEBIAN/md5sums'), { force: true });
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', tree, join(to, 'nodeprep-newer.deb')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
