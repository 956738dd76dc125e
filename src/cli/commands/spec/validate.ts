import type { Command } from 'commander';
import { renderProblem, SpecInvalidError } from '../../../api/yaml/errors.ts';
import { readSpec } from '../../../disk/file-spec-source.ts';
import { openMachine } from '../../../app/machine.ts';
import { type Io, type SpecOptions, specRequestFrom } from '../../io.ts';
import { command, type OutputFormat, withOutput, withSpec } from '../../options/options.ts';
import { print, resultOf } from '../../output/print.ts';
import { printable } from '../../output/table.ts';

/** `nodeprep validate`: every mistake of a document at once. */
export function validateCommand(io: Io): Command {
  const base = command('validate', 'Check a spec: every mistake with file, line, column and field', [
    'validate --file node.yaml',
    'validate node.yaml overrides.yaml',
    'validate -o json < node.yaml --file -',
  ]).argument('[files...]', 'spec files, like --file');
  return withOutput(withSpec(base))
    .addHelpText('after', '\nExit codes: 0 valid, 1 not.')
    .action(async (files: string[], options: SpecOptions & { output: OutputFormat }) => {
      const machine = openMachine(options);
      const named = files.map((file) => (file === '-' || file.startsWith('/') ? file : `${process.cwd()}/${file}`));
      const request = await specRequestFrom({ ...options, file: [...options.file, ...named] }, io);
      try {
        const { fromFiles, source, warnings = [] } = await readSpec(machine.here, machine.host, request);
        const what = fromFiles ? 'The spec' : `No spec file; the built-in profile "${source.profile}"`;
        print(io, options.output, resultOf('Validation', { valid: true, problems: [], warnings }), (paint) =>
          [
            ...warnings.map((one) => `${paint('yellow', 'warning:')} ${printable(renderProblem(one))}`),
            `${what} is ${paint('green', 'valid')}.`,
          ].join('\n'),
        );
        io.exit(0);
      } catch (error) {
        if (!(error instanceof SpecInvalidError)) throw error;
        const { problems } = error;
        print(io, options.output, resultOf('Validation', { valid: false, problems, warnings: [] }), (paint) =>
          [
            ...problems.map((problem) => printable(renderProblem(problem))),
            paint('red', `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`),
          ].join('\n'),
        );
        io.exit(1);
      }
    });
}
