import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { NodePrep } from '../../api/status/status.ts';
import { readLastGood } from '../../disk/file-spec-source.ts';
import { readStatusFile } from '../../disk/status-file.ts';
import { look, lookWith } from '../../app/inspect/look.ts';
import { type Machine, openMachine } from '../../app/machine.ts';
import type { LockHolder } from '../../host/hand-over/holder.ts';
import { nodePrepFrom } from '../../reconcile/report/status.ts';
import { type Io, type SpecOptions, specRequestFrom } from '../io.ts';
import { command, type OutputFormat, withOutput, withSpec } from '../options/options.ts';
import { print } from '../output/print.ts';
import { renderHolder, renderStatus } from '../output/status-view.ts';

type Options = SpecOptions & { output: OutputFormat; watch: boolean };

const WATCH_MS = 1000;

/** `nodeprep status`: what the daemon last reported, or a fresh look. */
export function statusCommand(io: Io): Command {
  const base = command('status', 'Show whether this machine is as declared', [
    'status',
    'status --watch',
    'status -o json',
  ]);
  return withOutput(withSpec(base))
    .option('-w, --watch', 'go on and print again after every change', false)
    .addHelpText('after', '\nExit codes: 0 ready, 2 not, 1 error.')
    .action(async (options: Options) => {
      const machine = openMachine(options);
      let shown: string | undefined;
      for (;;) {
        const { nodePrep, holder } = await currentStatus(machine, options, io);
        const text = JSON.stringify([nodePrep.status, holder]);
        if (text !== shown) {
          if (shown !== undefined && options.output !== 'json') io.out(options.output === 'yaml' ? '---\n' : '\n');
          print(io, options.output, nodePrep, (paint) =>
            [renderStatus(nodePrep, paint, io.columns), ...(holder === undefined ? [] : [renderHolder(holder)])].join(
              '\n\n',
            ),
          );
        }
        shown = text;
        io.exit(nodePrep.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True') ? 0 : 2);
        if (!options.watch || io.signal.aborted) return;
        await sleep(WATCH_MS, undefined, { signal: io.signal }).catch(() => undefined);
        if (io.signal.aborted) return;
      }
    });
}

interface Current {
  readonly nodePrep: NodePrep;
  /** The daemon whose report it is, if there is one. */
  readonly holder?: LockHolder;
}

/** A status file without a living daemon is only history, so the host is looked at instead. */
async function currentStatus(machine: Machine, options: Options, io: Io): Promise<Current> {
  const asked = options.file.length > 0 || options.profile !== undefined;
  const { lockHolder, strangerOn } = await import('../../host/hand-over/lock.ts');
  const found = asked ? undefined : await lockHolder(machine);
  const stranger = found !== undefined || asked || options.watch ? undefined : await strangerOn(machine);
  if (stranger !== undefined) io.err(`Warning: ${stranger}\n`);
  const holder = found?.command === 'run' ? found : undefined;
  if (holder !== undefined) {
    const { nodePrep, problem } = await readStatusFile(machine.host);
    if (nodePrep !== undefined) return { nodePrep, holder };
    if (problem !== undefined) io.err(`Warning: ${problem}\n`);
  }
  // A daemon may have been started with a spec of its own; the default files would judge the host by another.
  const accepted = holder !== undefined ? await readLastGood(machine.host) : undefined;
  const { report, ledger } =
    accepted === undefined
      ? await look(machine, await specRequestFrom(options, io), io.signal)
      : await lookWith(machine, accepted, io.signal);
  if (ledger.warning !== undefined && !options.watch) io.err(`Warning: ${ledger.warning}; it will be kept aside\n`);
  return { nodePrep: nodePrepFrom(report), ...(holder === undefined ? {} : { holder }) };
}
