/** The Debian packages that files of this machine came with. */
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { run } from '../build/run.ts';

/** One installed package. */
export interface DebianPackage {
  readonly name: string;
  /** Its paragraph in the database of dpkg. */
  readonly status: string;
  /** The text of its licences. */
  readonly copyright: string;
}

/** The packages that own the files, sorted by name; throws when one has no owner. */
export function packagesOf(paths: readonly string[]): readonly DebianPackage[] {
  // dpkg knows some files by their path before /lib became a link to /usr/lib.
  const known = paths.map((path) => [realpathSync(path), realpathSync(path).replace(/^\/usr/, '')] as const);
  // It fails when one of the paths is unknown, and one of each two is.
  const { stdout } = spawnSync('dpkg-query', ['--search', ...known.flat()], { encoding: 'utf8' });
  const owners = new Map(stdout.split('\n').map((line) => [line.split(': ')[1], line.split(': ')[0]]));
  const names = known.map(([real, before]) => {
    const owner = owners.get(real) ?? owners.get(before);
    if (owner === undefined) throw new Error(`No Debian package owns "${real}": build the image on a Debian`);
    return owner;
  });
  return [...new Set(names)].toSorted().map((qualified) => {
    const name = qualified.replace(/:.*$/, '');
    return {
      name,
      status: run('dpkg-query', ['--status', qualified]),
      copyright: readFileSync(`/usr/share/doc/${name}/copyright`, 'utf8'),
    };
  });
}
