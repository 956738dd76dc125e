import { isAbsolute, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { DEFAULT_PROFILE } from '../../disk/file-spec-source.ts';
import { SPEC_FILE } from '../../disk/spec-files.ts';
import type { Installed } from '../../app/install/install.ts';
import { CURRENT, PROGRAM } from '../../app/install/layout.ts';
import { openMachine } from '../../app/machine.ts';
import { VERSION } from '../../app/version.ts';
import type { NodePrep } from '../../api/status/status.ts';
import type { Io } from '../io.ts';
import { command, type OutputFormat, withOutput, withRoot } from '../options/options.ts';
import { print, resultOf } from '../output/print.ts';
import { renderStatus } from '../output/status-view.ts';
import { paintFor } from '../output/table.ts';

interface Options {
  readonly root: string;
  readonly hostRoot?: string;
  readonly file?: string;
  readonly profile?: string;
  readonly start: boolean;
  readonly output: OutputFormat;
}

/** `nodeprep install`: this executable, a spec and the units, for every boot from now on. */
export function installCommand(io: Io): Command {
  const base = command('install', 'Install or upgrade NodePrep on this machine, and start it', [
    'install',
    'install --profile kubeadm-control-plane',
    'install --file node.yaml',
    'install --root /mnt/image   # files only; starts when the image boots',
  ]);
  return withOutput(withRoot(base))
    .addOption(
      new Option('-f, --file <file>', `spec for a host without one, "-" for standard input; goes to ${SPEC_FILE}`)
        .argParser((file: string) => (file === '-' || isAbsolute(file) ? file : resolve(file)))
        .conflicts('profile'),
    )
    .option('--profile <name>', `built-in profile for a host without a spec (default: "${DEFAULT_PROFILE}")`)
    .option('--no-start', 'do not start the units now; they start at the next reboot')
    .addHelpText(
      'after',
      '\nA spec that is there is kept; --file or --profile that differs from it is an error. Exit codes: 0 installed (and ready, when started), 2 not ready yet, 3 ready after a reboot, 1 error, also of its unit.',
    )
    .action(async (options: Options) => {
      const [{ install }, { ownExecutable }] = await Promise.all([
        import('../../app/install/install.ts'),
        import('../../host/own/own-executable.ts'),
      ]);
      const machine = openMachine(options);
      const write = options.output === 'table' ? io.out : io.err;
      const paint = paintFor(io.color);
      const changed: string[] = [];
      const request = {
        start: options.start,
        ...(options.file === undefined ? {} : { file: options.file }),
        ...(options.file === '-' ? { stdin: await io.readStdin() } : {}),
        ...(options.profile === undefined ? {} : { profile: options.profile }),
      };
      const installed = await install(machine, ownExecutable(CURRENT), request, (path) => {
        changed.push(path);
        write(`${paint('green', '✓')} ${path}\n`);
      });
      for (const warning of installed.warnings) write(`${paint('yellow', '!')} ${warning}\n`);
      const { nodePrep, exitCode, ...rest } = installed;
      const result = resultOf('Install', { version: VERSION, ...rest, changed });
      print(io, options.output, result, (paint) => {
        const parts = [headline(installed, changed.length)];
        if (nodePrep !== undefined) parts.push(renderStatus(nodePrep, paint, io.columns));
        return parts.join('\n\n');
      });
      io.exit(exitCodeFrom(installed.service, exitCode, nodePrep));
    });
}

function headline(installed: Installed, changes: number): string {
  const what = changes === 0 ? 'was installed already' : `is installed as ${PROGRAM}${replaced(installed)}`;
  const service = {
    running: 'and runs.',
    ended: 'and runs.',
    waiting: 'and still works on this host: "journalctl -fu nodeprep-bootstrap" shows what it waits for.',
    failed:
      'but its unit failed: "journalctl -u nodeprep-bootstrap" says why. The host may not be ready for a kubelet; ' +
      'the daemon goes on trying, "nodeprep status" shows what is missing.',
    later: 'and starts at the next reboot.',
  }[installed.service];
  return `NodePrep ${VERSION} ${what} ${service}`;
}

/** Version and build it was before: a version alone does not tell two builds of a branch apart. */
function replaced({ from, to }: Installed): string {
  if (from === undefined || from === to) return '';
  return ` (upgraded from ${from} to ${to})`;
}

/** The exit code of the bootstrap goes before the status, which may have been written since. */
function exitCodeFrom(
  service: Installed['service'],
  ended: number | undefined,
  nodePrep: NodePrep | undefined,
): 0 | 1 | 2 | 3 {
  if (service === 'later') return 0;
  if (service === 'failed') return 1;
  if (ended !== undefined) return ended === 0 || ended === 3 ? ended : 2;
  const ready = nodePrep?.status.conditions.find((condition) => condition.type === 'Ready');
  if (ready?.status === 'True') return 0;
  return ready?.reason === 'RebootRequired' ? 3 : 2;
}
