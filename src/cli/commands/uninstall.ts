import type { Command } from 'commander';
import { openMachine } from '../../app/machine.ts';
import { requireRoot } from '../../app/privilege.ts';
import type { NodeReport } from '../../reconcile/report/node-report.ts';
import type { Io } from '../io.ts';
import { command, type OutputFormat, withOutput, withRoot, withTimeout } from '../options/options.ts';
import { renderFindings } from '../output/plan-view.ts';
import { print, resultOf } from '../output/print.ts';
import { progressFor } from '../output/progress.ts';

/** `nodeprep uninstall`: take everything back. */
export function uninstallCommand(io: Io): Command {
  const base = command('uninstall', 'Take back everything NodePrep did on this machine', [
    'uninstall',
    'uninstall --purge           # also the executable, the units and /etc/nodeprep',
    'uninstall --root /mnt/image',
  ]);
  return withTimeout(withOutput(withRoot(base)), '60s')
    .option('--purge', 'also remove the executable, the units and /etc/nodeprep once everything is back', false)
    .addHelpText(
      'after',
      '\nThe units are stopped and start no more. Exit codes: 0 everything is back or left on purpose, 2 something is not back yet, 1 error.',
    )
    .action(
      async (options: { root: string; hostRoot?: string; output: OutputFormat; timeout: number; purge: boolean }) => {
        const write = options.output === 'table' ? io.out : io.err;
        const progress = progressFor(io, write);
        const [{ assertNotOfCluster, isTakenBack, uninstall }, { purge }, { disableUnits }] = await Promise.all([
          import('../../app/bootstrap/apply-once.ts'),
          import('../../app/install/install.ts'),
          import('../../app/install/service.ts'),
        ]);
        const machine = openMachine(options);
        requireRoot(machine, 'uninstall');
        await assertNotOfCluster(machine);
        // Before anything is taken back: the daemon holds the host, and would put everything back.
        await disableUnits(machine.host);
        const report = await uninstall(machine, { ...progress, timeoutMs: options.timeout }, io.signal);
        const done = isTakenBack(report);
        // The executable is what can take the rest back, so it stays as long as there is a rest.
        if (done && options.purge) await purge(machine.host);
        print(io, options.output, resultFrom(report, done), (paint) => {
          const left = report.areas.flatMap((area) => area.left.map((one) => ({ area: area.area, ...one })));
          const failed = report.areas.flatMap((area) => area.failures.map((one) => ({ area: area.area, ...one })));
          const parts = [
            done ? paint('green', 'NodePrep is off this machine.') : paint('red', 'Not everything is back.'),
          ];
          if (failed.length > 0) parts.push(renderFindings('Failed', failed, paint, io.columns));
          if (left.length > 0) parts.push(renderFindings('Left on purpose', left, paint, io.columns));
          return parts.join('\n\n');
        });
        io.exit(done ? 0 : 2);
      },
    );
}

function resultFrom(report: NodeReport, done: boolean) {
  return resultOf('Uninstall', {
    done,
    left: report.areas.flatMap((area) => area.left.map((finding) => ({ area: area.area, ...finding }))),
    failed: report.areas.flatMap((area) => area.failures.map((finding) => ({ area: area.area, ...finding }))),
    remaining: report.areas.flatMap((area) => area.remaining.map((change) => ({ area: area.area, ...change }))),
  });
}
