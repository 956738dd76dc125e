import type { Command } from 'commander';
import { lookAtFiles } from '../../app/inspect/look.ts';
import { openMachine } from '../../app/machine.ts';
import { type Io, type SpecOptions, specRequestFrom } from '../io.ts';
import { command, withSpec } from '../options/options.ts';
import { countEntries } from '../output/entry-count.ts';
import { planFrom } from '../output/plan-view.ts';
import { warnAbout, warnAboutLedger } from '../output/warnings.ts';
import { paintFor } from '../output/table.ts';

/** `nodeprep diff`: every file that would be written or removed, as a patch. */
export function diffCommand(io: Io): Command {
  const base = command('diff', 'Show what would change in files, as a unified diff, and what on the running system', [
    'diff',
    'diff --file node.yaml',
    'diff --root ./image >image.patch',
  ]);
  return withSpec(base)
    .addHelpText(
      'after',
      '\nNodePrep\'s own records in /var/lib/nodeprep and /run/nodeprep are not shown. Exit codes, as of "kubectl diff": 0 nothing would change, 1 something would, 2 error.',
    )
    .action(async (options: SpecOptions) => {
      const { renderDiff } = await import('../output/diff-view.ts');
      const seen = await lookAtFiles(openMachine(options), await specRequestFrom(options, io), io.signal);
      const { ledger, warnings, files, others } = seen;
      warnAboutLedger(ledger, io);
      warnAbout(warnings, io);
      const stopped = countEntries(planFrom(seen).blocked);
      if (stopped > 0)
        io.err(`${stopped} ${stopped === 1 ? 'entry is' : 'entries are'} blocked; "nodeprep plan" says why\n`);
      const text = renderDiff(files, others, paintFor(io.color));
      if (text !== '') io.out(text);
      io.exit(text === '' ? 0 : 1);
    });
}
