import type { Command } from 'commander';
import { verifyHost } from '../../app/inspect/inspect.ts';
import { openMachine } from '../../app/machine.ts';
import { type Io, type SpecOptions, specRequestFrom } from '../io.ts';
import { command, type OutputFormat, withOutput, withSpec } from '../options/options.ts';
import { print, resultOf } from '../output/print.ts';
import { renderChecks } from '../output/checks-view.ts';

/** `nodeprep verify`: the verification steps of the guides as a checklist. */
export function verifyCommand(io: Io): Command {
  const base = command('verify', 'Check this machine step by step, as the Kubernetes guides do', [
    'verify',
    'verify -o json',
  ]);
  return withOutput(withSpec(base))
    .addHelpText('after', '\nExit codes: 0 nothing failed, 2 something did, 1 error.')
    .action(async (options: SpecOptions & { output: OutputFormat }) => {
      const checks = await verifyHost(openMachine(options), await specRequestFrom(options, io), io.signal);
      const failed = checks.filter((check) => check.outcome === 'fail').length;
      const value = resultOf('Verification', { passed: failed === 0, checks });
      print(io, options.output, value, (paint) => renderChecks(checks, paint, io.columns));
      io.exit(failed === 0 ? 0 : 2);
    });
}
