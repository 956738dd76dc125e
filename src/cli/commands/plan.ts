import type { Command } from 'commander';
import { sourceFrom } from '../../api/spec/expand.ts';
import { lookAtFiles } from '../../app/inspect/look.ts';
import { openMachine } from '../../app/machine.ts';
import { type Io, type SpecOptions, specRequestFrom } from '../io.ts';
import { command, type OutputFormat, withOutput, withSpec } from '../options/options.ts';
import { planFrom, renderPlan } from '../output/plan-view.ts';
import { print } from '../output/print.ts';
import { warnAbout, warnAboutLedger } from '../output/warnings.ts';

/** `nodeprep plan`: what would be done, and what is in the way. */
export function planCommand(io: Io): Command {
  const base = command('plan', 'Show what would change, in which files, what is blocked and what conflicts', [
    'plan',
    'plan --file node.yaml -o json',
    'plan --profile kubeadm-worker -o yaml   # with the expanded spec',
    'plan --root ./captured-host',
  ]);
  return withOutput(withSpec(base))
    .addHelpText('after', '\nExit codes: 0 in sync, 2 differs, 1 error.')
    .action(async (options: SpecOptions & { output: OutputFormat }) => {
      const seen = await lookAtFiles(openMachine(options), await specRequestFrom(options, io), io.signal);
      const { report, ledger } = seen;
      warnAboutLedger(ledger, io);
      warnAbout(seen.warnings, io);
      const plan = planFrom(seen);
      const value = options.output === 'yaml' ? { ...plan, spec: sourceFrom(report.snapshot.spec) } : plan;
      print(io, options.output, value, (paint) => renderPlan(seen, paint, io.columns));
      io.exit(plan.inSync ? 0 : 2);
    });
}
