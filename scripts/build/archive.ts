/** Archives for people to download, and the sums to check them by. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIST, VERSION } from './paths.ts';
import { run } from './run.ts';
import type { Target } from './target.ts';

/** Compressors by the end of the archive's name: small for a download, and gzip for hosts without xz. */
const COMPRESSORS = { 'tar.xz': ['xz', '-6', '-T0'], 'tar.gz': ['gzip', '-9', '-n'] } as const;

/** Packs `dist/<target>` into `dist/nodeprep-<version>-<target>.tar.xz` and `.tar.gz`; the same files give the same archives. */
export function writeArchives(target: Target): readonly string[] {
  const name = `nodeprep-${VERSION}-${target.name}`;
  return Object.entries(COMPRESSORS).map(([ending, compressor]) => {
    const archive = join(DIST, `${name}.${ending}`);
    run('tar', [
      ...['--create', `--use-compress-program=${compressor.join(' ')}`, '--file', archive],
      ...['--directory', DIST, `--transform=s,^${target.name},${name},`],
      ...['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX', '--mtime=@0'],
      target.name,
    ]);
    return archive;
  });
}

/**
 * Removes the archive and the package of a target that hold another program than the one that is about to be built,
 * so that nothing old is signed with the new. `parts` is what only this program consists of.
 */
export function discardStale(target: Target, parts: readonly string[]): void {
  const executable = join(DIST, target.name, 'nodeprep');
  const old = existsSync(executable) ? readFileSync(executable) : Buffer.alloc(0);
  if (parts.every((part) => old.includes(readFileSync(part)))) return;
  for (const name of readdirSync(DIST)) {
    const archive = name.startsWith('nodeprep-') && new RegExp(`-${target.name}\\.tar\\.[gx]z$`).test(name);
    const packaged = name.startsWith('nodeprep_') && name.endsWith(`_${target.debianArchitecture}.deb`);
    if (archive || packaged) rmSync(join(DIST, name));
  }
}

/** What people download: archives, packages, executables and the libraries beside them. */
const PUBLISHED =
  /^(?:nodeprep-[^/]+\.tar\.[gx]z|nodeprep_[^/]+\.deb|(?:linux-[a-z0-9]+\/)?(?:nodeprep|libatomic\.so\.1))$/;

/** Writes `dist/SHA256SUMS` over what a build publishes, for `sha256sum --check`. */
export async function writeSums(directory = DIST): Promise<void> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => PUBLISHED.test(name) && statSync(join(directory, name)).isFile())
    .toSorted();
  const lines: string[] = [];
  for (const name of names) lines.push(`${await sha256(join(directory, name))}  ${name}\n`);
  writeFileSync(join(directory, 'SHA256SUMS'), lines.join(''));
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
