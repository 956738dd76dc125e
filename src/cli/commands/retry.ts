import type { Command } from 'commander';
import { AREA_NAMES } from '../../api/parts/parts.ts';
import { type MachineOptions, openMachine } from '../../app/machine.ts';
import { retry, type RetryOutcome } from '../../app/retry.ts';
import type { Io } from '../io.ts';
import { SuggestingArgument } from '../completion/words.ts';
import { command, type OutputFormat, withOutput, withRoot } from '../options/options.ts';
import { print, resultOf } from '../output/print.ts';
import { type Paint, printable, renderTable } from '../output/table.ts';

type Options = MachineOptions & { readonly output: OutputFormat };

/** `nodeprep retry`: end fights and pauses. */
export function retryCommand(io: Io): Command {
  const base = command('retry', 'Try at once what the daemon holds off or tries with growing pauses', [
    'retry',
    'retry sysctls                              # an area',
    'retry sysctls/net.ipv4.ip_forward          # one entry',
  ]);
  return withOutput(withRoot(base))
    .addArgument(new SuggestingArgument('[name...]', 'areas, or entries as "nodeprep status" shows them', AREA_NAMES))
    .addHelpText(
      'after',
      '\nA correction that another program undoes again and again is held off; this ends the hold, and so does "systemctl reload nodeprep".' +
        '\nExit codes: 0 asked for, 2 nothing is held off, 1 error.',
    )
    .action(async (names: readonly string[], options: Options) => {
      const outcome = await retry(openMachine(options), names);
      print(io, options.output, resultOf('Retry', outcome), (paint) => textOf(outcome, paint));
      io.exit(outcome.asked ? 0 : 2);
    });
}

function textOf({ asked, retried }: RetryOutcome, paint: Paint): string {
  if (!asked) return 'Nothing of this on this host is held off or waits to be tried again.';
  const title = `${paint('green', 'Asked for')}; the daemon tries it now, "nodeprep status --watch" shows how.`;
  if (retried.length === 0) return title;
  const rows = retried.map(({ area, name, reason }) => [area, printable(name), printable(reason)]);
  return `${title}\n\n${renderTable(['AREA', 'ENTRY', 'REASON'], rows, paint)}`;
}
