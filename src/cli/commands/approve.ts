import type { Command } from 'commander';
import type { PendingStatus } from '../../api/status/status.ts';
import { approve } from '../../app/approve.ts';
import { type MachineOptions, openMachine } from '../../app/machine.ts';
import type { Io } from '../io.ts';
import { command, type OutputFormat, withOutput, withRoot } from '../options/options.ts';
import { renderPending } from '../output/pending-view.ts';
import { print, resultOf } from '../output/print.ts';
import type { Paint } from '../output/table.ts';

type Options = MachineOptions & { readonly output: OutputFormat };

/** `nodeprep approve`: do what is held because it disturbs this node. */
export function approveCommand(io: Io): Command {
  const base = command('approve', 'Approve the changes that are held because they disturb this node', [
    'approve',
    'approve 1f3a9c02ab          # only if exactly this plan is pending',
  ]);
  return withOutput(withRoot(base))
    .argument('[plan]', 'the plan that is meant, as "nodeprep status" shows it')
    .addHelpText(
      'after',
      '\nThe approval is for exactly what is printed, and is spent by being done. Exit codes: 0 approved, 2 nothing or another plan is pending, 1 error.',
    )
    .action(async (plan: string | undefined, options: Options) => {
      const outcome = await approve(openMachine(options), plan);
      const pending = outcome.kind === 'nothing' ? {} : { pending: outcome.pending };
      const value = resultOf('Approval', { approved: outcome.kind === 'approved', ...pending });
      print(io, options.output, value, (paint) => textOf(outcome, plan, paint, io.columns));
      io.exit(outcome.kind === 'approved' ? 0 : 2);
    });
}

function textOf(
  outcome: { readonly kind: 'approved' | 'other'; readonly pending: PendingStatus } | { readonly kind: 'nothing' },
  plan: string | undefined,
  paint: Paint,
  columns: number,
): string {
  if (outcome.kind === 'nothing') return 'Nothing on this host waits for an approval.';
  const changes = renderPending(outcome.pending, paint, columns);
  if (outcome.kind === 'other')
    return `Not approved: ${plan ?? ''} is not pending any more. Look at the plan that is, and approve that:\n\n${changes}`;
  return `${paint('green', 'Approved')}; the daemon does it now, "nodeprep status --watch" shows how.\n\n${changes}`;
}
