/**
 * The build before the one under test: the newest release in the history of this repository, or an earlier commit
 * while there is none. Built once with the packages that are installed here, and kept.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cached } from './cache.ts';

const PROJECT = resolve(import.meta.dirname, '../../..');

/**
 * "Check a path before making its parent directories": the last one before there was anything for a cluster. It has the
 * installation, the ledger and the units as the first machines got them, and builds with the packages of today.
 */
const BEFORE_THE_FIRST_RELEASE = '9a1c1528ff30479868688103e665e413cf9396d3';

/** An earlier build. */
export interface PreviousBuild {
  /** What holds the executable; `undefined` when there is none. */
  readonly folder: string | undefined;
  /** Which it is, or why there is none. */
  readonly words: string;
}

/** Finds or makes the build before. */
export async function previousBuild(): Promise<PreviousBuild> {
  const given = process.env['E2E_PREVIOUS'];
  if (given !== undefined) return { folder: resolve(given), words: given };
  const release = git('describe', '--tags', '--abbrev=0', '--match=v[0-9]*', 'HEAD^');
  const commit = git('rev-parse', '--verify', '--quiet', `${release ?? BEFORE_THE_FIRST_RELEASE}^{commit}`);
  if (commit === undefined) {
    return {
      folder: undefined,
      words:
        'the same build with other bytes, because git has no earlier commits here; E2E_PREVIOUS names a folder with a build',
    };
  }
  const short = commit.slice(0, 12);
  let folder: string;
  try {
    folder = await cached('previous', short, async (unfinished) => build(commit, short, unfinished));
  } catch (error) {
    // The other scenarios have nothing to do with it.
    const problem = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { folder: undefined, words: `the same build with other bytes, because ${short} does not build: ${problem}` };
  }
  const version = execFileSync(join(folder, 'nodeprep'), ['version'], { encoding: 'utf8' }).trim();
  return { folder, words: `${version}, ${release === undefined ? 'an earlier commit' : `the release ${release}`}` };
}

function build(commit: string, short: string, folder: string): void {
  console.log(`e2e: building commit ${short}, to upgrade from`);
  const source = join(folder, 'source');
  const archive = join(folder, 'source.tar');
  mkdirSync(source);
  execFileSync('git', ['-C', PROJECT, 'archive', '--output', archive, commit]);
  execFileSync('tar', ['-xf', archive, '-C', source]);
  symlinkSync(join(PROJECT, 'node_modules'), join(source, 'node_modules'));
  nameVersion(source, short);
  execFileSync('sh', ['scripts/node26', 'scripts/build.ts', '--no-archive'], { cwd: source, stdio: 'inherit' });
  for (const name of ['nodeprep', 'libatomic.so.1']) renameSync(join(source, 'dist', name), join(folder, name));
  rmSync(source, { recursive: true });
  rmSync(archive);
}

/** Until a release is out, all builds have the same version: this one says its commit as well. */
function nameVersion(source: string, short: string): void {
  const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as { version: string };
  // Where an earlier build had the version, and where it is now.
  for (const name of ['package.json', 'src/daemon/version.ts', 'src/app/version.ts']) {
    if (!existsSync(join(source, name))) continue;
    const text = readFileSync(join(source, name), 'utf8');
    const said = new RegExp(`(["'])${version.replaceAll('.', '\\.')}\\1`);
    writeFileSync(join(source, name), text.replace(said, `$1${version}-commit.${short}$1`));
  }
}

/** What git prints; `undefined` when it is not there, knows no such thing, or this is not the root of a repository. */
function git(...command: readonly string[]): string | undefined {
  const inRepository = spawnSync('git', ['-C', PROJECT, 'rev-parse', '--show-prefix'], { encoding: 'utf8' });
  if (inRepository.status !== 0 || inRepository.stdout.trim() !== '') return undefined;
  const { status, stdout } = spawnSync('git', ['-C', PROJECT, ...command], { encoding: 'utf8' });
  return status === 0 && stdout.trim() !== '' ? stdout.trim() : undefined;
}
