/** The command line: every command with its options, from which help and reference are made. */
import { Command } from 'commander';
import { VERSION } from '../app/version.ts';
import { approveCommand } from './commands/approve.ts';
import { areaCommands } from './area-commands.ts';
import { bootstrapCommand } from './commands/bootstrap.ts';
import { captureCommand } from './commands/capture.ts';
import { completionCommand } from './commands/completion.ts';
import { diffCommand } from './commands/diff.ts';
import { explainCommand } from './commands/explain.ts';
import { initCommand } from './commands/spec/init.ts';
import { installCommand } from './commands/install.ts';
import { planCommand } from './commands/plan.ts';
import { retryCommand } from './commands/retry.ts';
import { profilesCommand } from './commands/spec/profiles.ts';
import { runCommand } from './commands/run.ts';
import { statusCommand } from './commands/status.ts';
import { uninstallCommand } from './commands/uninstall.ts';
import { validateCommand } from './commands/spec/validate.ts';
import { verifyCommand } from './commands/verify.ts';
import { versionCommand } from './commands/version.ts';
import type { Io } from './io.ts';
import { optionKeptByNpm } from './options/npm.ts';

/** Builds the program; nothing runs before `parseAsync`. */
export function buildProgram(io: Io): Command {
  const program = new Command('nodeprep')
    .description('Makes a Linux machine ready to be a Kubernetes node, and keeps it so.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help of a command')
    .showSuggestionAfterError()
    .showHelpAfterError('Run "nodeprep --help" for the commands, "nodeprep <command> --help" for examples.');
  const commands = [
    bootstrapCommand(io),
    planCommand(io),
    diffCommand(io),
    runCommand(io),
    statusCommand(io),
    verifyCommand(io),
    explainCommand(io),
    approveCommand(io),
    retryCommand(io),
    validateCommand(io),
    profilesCommand(io),
    initCommand(io),
    installCommand(io),
    uninstallCommand(io),
    captureCommand(io),
    ...areaCommands(io),
    completionCommand(io),
    versionCommand(io),
  ];
  for (const one of commands) program.addCommand(one);
  // Sub-commands do not inherit how errors and help are written.
  for (const one of [program, ...commands, ...commands.flatMap((each) => each.commands)]) {
    one.exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err });
    one.helpOption('-h, --help', 'print help');
  }
  for (const one of commands) {
    one.hook('preAction', (_, chosen) => {
      const kept = optionKeptByNpm(chosen, process.env);
      if (kept === undefined) return;
      const script = process.env['npm_lifecycle_event'];
      chosen.error(`error: npm kept '${kept}' for itself, so nothing was done; write "npm run ${script} -- ${kept} …"`);
    });
  }
  return program;
}
