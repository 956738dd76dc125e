/** Archives for people to download, and the sums to check them by. */
import { createHash } from 'node:crypto';
import { copyFileSync, createReadStream, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIST, PROJECT, VERSION } from './paths.ts';
import { run } from './run.ts';
import type { Target } from './target.ts';

/** Packs `dist/<target>` into `dist/nodeprep-<version>-<target>.tar.xz`; the same files give the same archive. */
export function writeArchive(target: Target): string {
  const name = `nodeprep-${VERSION}-${target.name}`;
  const archive = join(DIST, `${name}.tar.xz`);
  copyFileSync(join(PROJECT, 'LICENSE'), join(DIST, target.name, 'LICENSE'));
  run(
    'tar',
    [
      ...['--create', '--xz', '--file', archive, '--directory', DIST, `--transform=s,^${target.name},${name},`],
      ...['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX', '--mtime=@0'],
      target.name,
    ],
    { env: { XZ_OPT: '-6 -T0' } },
  );
  return archive;
}

/** Writes `dist/SHA256SUMS` over every result of a build, for `sha256sum --check`. */
export async function writeSums(): Promise<void> {
  const sums = join(DIST, 'SHA256SUMS');
  rmSync(sums, { force: true });
  const names = readdirSync(DIST, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(DIST, name)).isFile() && !name.endsWith('/LICENSE'))
    .toSorted();
  const lines: string[] = [];
  for (const name of names) lines.push(`${await sha256(join(DIST, name))}  ${name}\n`);
  writeFileSync(sums, lines.join(''));
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
