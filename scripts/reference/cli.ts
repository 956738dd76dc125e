import { documentedProgram } from './program.ts';

/** The help of every command, as `--help` prints it. */
export function cliReference(): string {
  const { program, helpOf } = documentedProgram();
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
