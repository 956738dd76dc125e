/** The command line as the reference and the manual page show it: the same wherever they are generated. */
import type { Command } from 'commander';
import { buildProgram } from '../../src/cli/program.ts';

const WIDTH = 100;

/** A program that is never run, and what each of its commands says about itself. */
export interface DocumentedProgram {
  readonly program: Command;
  /** The whole help of a command, as `--help` prints it. */
  readonly helpOf: (command: Command) => string;
  /** What follows the options in that help: examples and exit codes. */
  readonly afterHelpOf: (command: Command) => string;
}

/** Builds it without a terminal, a user or a signal. */
export function documentedProgram(): DocumentedProgram {
  let printed = '';
  const program = buildProgram({
    out: (text) => {
      printed += text;
    },
    err: () => {},
    readStdin: async () => new Uint8Array(),
    color: false,
    columns: WIDTH,
    signal: new AbortController().signal,
    onHangup: () => () => {},
    exit: () => {},
  });
  const helpOf = (command: Command): string => {
    printed = '';
    // Otherwise the help is as wide as the terminal in which it is generated.
    command.configureOutput({ getOutHelpWidth: () => WIDTH, getOutHasColors: () => false }).outputHelp();
    return printed.trimEnd();
  };
  const afterHelpOf = (command: Command) => helpOf(command).slice(command.helpInformation().length).trim();
  return { program, helpOf, afterHelpOf };
}
