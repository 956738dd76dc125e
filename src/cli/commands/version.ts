import type { Command } from 'commander';
import { BUILD, VERSION } from '../../app/version.ts';
import type { Io } from '../io.ts';
import { command, type OutputFormat, withOutput } from '../options/options.ts';
import { print, resultOf } from '../output/print.ts';
import { renderVersion } from '../output/version-line.ts';

/** `nodeprep version`: version, commit and date. */
export function versionCommand(io: Io): Command {
  const base = command('version', 'Print the version, and the commit it was built from', [
    'version',
    'version -o json',
  ]);
  return withOutput(base).action((options: { output: OutputFormat }) => {
    const value = resultOf('Version', {
      version: VERSION,
      ...(BUILD ?? { commit: 'from sources' }),
      node: process.versions.node,
      platform: `${process.platform}/${process.arch}`,
    });
    print(io, options.output, value, renderVersion);
    io.exit(0);
  });
}
