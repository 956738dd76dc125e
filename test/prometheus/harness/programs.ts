/** Prometheus and promtool as Debian ships them: where they are on this machine, or why they are not. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The programs, or why tests that need them are skipped. */
export interface Programs {
  readonly prometheus: string;
  readonly promtool: string;
  readonly skipped: string | undefined;
}

const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'nodeprep-prometheus');

/** Finds the programs; where Debian's package can be had it is unpacked beside, not installed: no service, no user. */
export function findPrograms(): Programs {
  const inPath = programsIn((process.env['PATH'] ?? '').split(delimiter));
  const found = inPath ?? programsIn([join(CACHE, 'usr/bin')]);
  if (found !== undefined) return found;
  const obstacle = unpackPackage();
  const unpacked = programsIn([join(CACHE, 'usr/bin')]);
  const skipped = obstacle ?? 'the package has no usr/bin/prometheus and usr/bin/promtool';
  return unpacked ?? { prometheus: '', promtool: '', skipped: `prometheus is not installed, and ${skipped}` };
}

function programsIn(folders: readonly string[]): Programs | undefined {
  const find = (name: string) => folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  const [prometheus, promtool] = [find('prometheus'), find('promtool')];
  if (prometheus === undefined || promtool === undefined) return undefined;
  const works = spawnSync(prometheus, ['--version']).status === 0;
  return works ? { prometheus, promtool, skipped: undefined } : undefined;
}

/** Why the package could not be had; `undefined` when it was. */
function unpackPackage(): string | undefined {
  if (spawnSync('apt-get', ['--version']).status !== 0) return 'this machine has no apt-get to get it with';
  const work = `${CACHE}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const download = () => spawnSync('apt-get', ['-q', 'download', 'prometheus'], { cwd: work, encoding: 'utf8' });
    let done = download();
    // A fresh machine has no package lists yet, and an old one lists versions that are gone.
    if (done.status !== 0) {
      spawnSync('apt-get', ['-qq', 'update']);
      done = download();
    }
    const file = readdirSync(work).find((name) => name.endsWith('.deb'));
    if (file === undefined)
      return `"apt-get download prometheus" failed: ${(done.stderr ?? '').trim().split('\n').at(-1)}`;
    const unpacked = spawnSync('dpkg-deb', ['-x', join(work, file), join(work, 'root')], { encoding: 'utf8' });
    if (unpacked.status !== 0) return `"dpkg-deb -x ${file}" failed: ${unpacked.stderr.trim()}`;
    rmSync(CACHE, { recursive: true, force: true });
    renameSync(join(work, 'root'), CACHE);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
