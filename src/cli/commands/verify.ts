import type { Command } from 'commander';
import type { Check } from '../../areas/area.ts';
import { verifyHost } from '../../app/inspect/inspect.ts';
import { openMachine } from '../../app/machine.ts';
import { type Io, type SpecOptions, specRequestFrom } from '../io.ts';
import { command, type OutputFormat, withOutput, withSpec } from '../options/options.ts';
import { print } from '../output/print.ts';
import { type Paint, printable, wrap } from '../output/table.ts';

type Outcome = Check['outcome'];

const INDENT = '    ';

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
      const value = { apiVersion: 'nodeprep.dev/v1alpha1', kind: 'Verification', passed: failed === 0, checks };
      print(io, options.output, value, (paint) => {
        const lines = checks.map((check) => renderCheck(check, paint, io.columns));
        const count = (outcome: Outcome) => checks.filter((check) => check.outcome === outcome).length;
        return `${lines.join('\n')}\n\n${count('pass')} passed, ${count('fail')} failed, ${count('warn')} warnings, ${count('skip')} could not be checked`;
      });
      io.exit(failed === 0 ? 0 : 2);
    });
}

function renderCheck(check: Check, paint: Paint, columns: number): string {
  const head = `${check.title}; found: ${check.found}`;
  const looked = `looked at: ${check.looked}`;
  const oneLine = head.length + looked.length + 5 <= columns;
  const lines = oneLine
    ? [`${printable(head)} ${paint('dim', `(${printable(looked)})`)}`]
    : [wrap(printable(head), columns - 2, INDENT).trimStart(), paint('dim', wrap(printable(looked), columns, INDENT))];
  if (check.outcome !== 'pass' && check.consequence !== '')
    lines.push(wrap(printable(check.consequence), columns, INDENT));
  return `${markOf(check.outcome, paint)} ${lines.join('\n')}`;
}

function markOf(outcome: Outcome, paint: Paint): string {
  switch (outcome) {
    case 'pass':
      return paint('green', '✓');
    case 'warn':
      return paint('yellow', '!');
    case 'fail':
      return paint('red', '✗');
    case 'skip':
      return paint('dim', '-');
  }
}
