/** What the executable says of the checkout that it was built from. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Build } from '../../src/app/version.ts';
import { PROJECT } from './paths.ts';
import { isInstalled, run } from './run.ts';

/** Commit and date, from `NODEPREP_COMMIT` and `SOURCE_DATE_EPOCH` where there is no git, as in the build of an image. */
export function buildInfo(env: Readonly<Record<string, string | undefined>> = process.env): Build {
  const git = isInstalled('git') && existsSync(join(PROJECT, '.git'));
  const ask = (...args: readonly string[]) => run('git', ['-C', PROJECT, ...args]).trim();
  const seconds = env['SOURCE_DATE_EPOCH'] ?? (git ? ask('log', '-1', '--format=%ct') : '0');
  return {
    commit: env['NODEPREP_COMMIT'] ?? (git ? `${ask('rev-parse', 'HEAD')}${isDirty(ask) ? '-dirty' : ''}` : 'unknown'),
    date: `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}Z`,
  };
}

/** Files that git does not know are no part of a build. */
function isDirty(ask: (...args: readonly string[]) => string): boolean {
  return ask('status', '--porcelain', '--untracked-files=no') !== '';
}
