/** Prometheus and promtool as Debian ships them: where they are on this machine, or why they are not. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { unpackedFolder, unpackPackages } from '../../support/debian-packages.ts';

/** The programs, or why tests that need them are skipped. */
export interface Programs {
  readonly prometheus: string;
  readonly promtool: string;
  readonly skipped: string | undefined;
}

const NAME = 'prometheus';

/** Finds the programs; where Debian's package can be had it is unpacked beside, not installed: no service, no user. */
export function findPrograms(): Programs {
  const inPath = programsIn((process.env['PATH'] ?? '').split(delimiter));
  const found = inPath ?? programsIn([join(unpackedFolder(NAME), 'usr/bin')]);
  if (found !== undefined) return found;
  const obstacle = unpackPackages(NAME, ['prometheus']);
  const unpacked = programsIn([join(unpackedFolder(NAME), 'usr/bin')]);
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
