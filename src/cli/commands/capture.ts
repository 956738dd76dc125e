import { isAbsolute, resolve } from 'node:path';
import type { Command } from 'commander';
import { openMachine } from '../../app/machine.ts';
import type { Io } from '../io.ts';
import { command, withRoot } from '../options/options.ts';

/** `nodeprep capture DIR`: what NodePrep looks at on this machine, for a bug report. */
export function captureCommand(io: Io): Command {
  const base = command(
    'capture',
    'Copy what NodePrep looks at on this machine into a new directory, for a bug report',
    ['capture /tmp/worker-1', 'plan --root /tmp/worker-1/root   # what NodePrep sees there'],
  ).argument('<directory>', 'a directory that does not exist yet');
  return withRoot(base)
    .addHelpText(
      'after',
      '\nChanges nothing else. Keys, machine IDs, host names and options that look like secrets are left out; look through it before you share it.',
    )
    .action(async (directory: string, options: { root: string; hostRoot?: string }) => {
      const [{ capture }, { writeTree }] = await Promise.all([
        import('../../app/capture/capture.ts'),
        import('../../host/linux/files/write-tree.ts'),
      ]);
      const machine = openMachine(options);
      const path = isAbsolute(directory) ? directory : resolve(directory);
      const count = await writeTree(path, capture(machine.host, machine.areas, machine.now()));
      io.out(`${path}: ${count} files. Pack it with "tar -czf ${path}.tar.gz -C ${path} ."\n`);
      io.exit(0);
    });
}
