import { buildProgram } from '../../src/cli/program.ts';

const WIDTH = 100;

/** The help of every command, as `--help` prints it. */
export function cliReference(): string {
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
  const helpOf = (command: typeof program): string => {
    printed = '';
    // Otherwise the help is as wide as the terminal of whoever generates it.
    command.configureOutput({ getOutHelpWidth: () => WIDTH, getOutHasColors: () => false }).outputHelp();
    return printed.trimEnd();
  };
  const sections = program.commands.map(
    (command) => `## nodeprep ${command.name()}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``,
  );
  return `# The command line

\`\`\`text
${helpOf(program)}
\`\`\`

${sections.join('\n\n')}
`;
}
