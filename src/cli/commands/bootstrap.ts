import type { Command } from 'commander';
import { lookAtFiles } from '../../app/inspect/look.ts';
import { openMachine } from '../../app/machine.ts';
import { withDeadline } from '../../host/deadline.ts';
import { requireRoot } from '../../app/privilege.ts';
import { exitCodeFrom } from '../../reconcile/loop/converge.ts';
import { nodePrepFrom } from '../../reconcile/report/status.ts';
import { type Io, type SpecOptions, specRequestFrom } from '../io.ts';
import { type LogChoice, loggerFrom, withLog } from '../options/log-options.ts';
import { command, type OutputFormat, withOutput, withSpec, withTimeout } from '../options/options.ts';
import { planFrom, renderPlan } from '../output/plan-view.ts';
import { print } from '../output/print.ts';
import { progressFor } from '../output/progress.ts';
import { renderStatus } from '../output/status-view.ts';
import { paintFor } from '../output/table.ts';
import { warnAbout } from '../output/warnings.ts';

type Options = SpecOptions & { output: OutputFormat; timeout: number; dryRun: boolean; service: boolean } & LogChoice;

/** `nodeprep bootstrap`: converge and exit. */
export function bootstrapCommand(io: Io): Command {
  const base = command('bootstrap', 'Make this machine ready for a kubelet and exit', [
    'bootstrap',
    'bootstrap --dry-run',
    'bootstrap --file node.yaml --timeout 5m',
    'bootstrap --root /mnt/image   # persistent side only; exits 3: ready after a reboot',
  ]);
  const target = withTimeout(withOutput(withSpec(base)), '60s')
    .option('--dry-run', 'print the plan and change nothing', false)
    .option(
      '--service',
      'as the systemd unit before the kubelet: log to the journal, do what spec.bootstrap.onFailure says',
      false,
    );
  return withLog(target)
    .addHelpText(
      'after',
      '\nThe log is written with --service only. Exit codes: 0 ready, 2 not reached, 3 ready after a reboot, 1 error.',
    )
    .action(async (options: Options) => {
      const machine = openMachine(options);
      const request = await specRequestFrom(options, io);
      if (options.service) {
        const { bootstrapForService } = await import('../../app/bootstrap/service-bootstrap.ts');
        const service = { timeoutMs: options.timeout, logger: await loggerFrom(options) };
        return io.exit(await bootstrapForService(machine, request, service, io.signal));
      }
      if (!options.dryRun) requireRoot(machine, 'bootstrap');
      const paint = paintFor(io.color);
      const end = machine.clock() + options.timeout;
      const bounded = { ...machine, host: withDeadline(machine.host, () => end - machine.clock()) };
      const planned = await lookAtFiles(bounded, request, io.signal);
      warnAbout(planned.warnings, io);
      if (options.dryRun) {
        print(io, options.output, planFrom(planned), () => renderPlan(planned, paint, io.columns));
        return io.exit(0);
      }
      const write = options.output === 'table' ? io.out : io.err;
      write(`${renderPlan(planned, paint, io.columns)}\n\n`);
      const { bootstrap } = await import('../../app/bootstrap/apply-once.ts');
      const progress = progressFor(io, write);
      const report = await bootstrap(machine, request, { ...progress, timeoutMs: options.timeout }, io.signal);
      if (report.areas.some((area) => area.applied.length > 0)) write('\n');
      print(io, options.output, nodePrepFrom(report), () => renderStatus(nodePrepFrom(report), paint, io.columns));
      return io.exit(exitCodeFrom(report));
    });
}
