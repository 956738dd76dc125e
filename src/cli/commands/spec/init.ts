import { isAbsolute, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { PRESET_NAMES } from '../../../api/spec/presets.ts';
import { SPEC_FILE } from '../../../disk/spec-files.ts';
import { HostFileError } from '../../../host/errors.ts';
import { DEFAULT_PROFILE } from '../../../disk/file-spec-source.ts';
import { openMachine } from '../../../app/machine.ts';
import type { Io } from '../../io.ts';
import { command } from '../../options/options.ts';

/** `nodeprep init`: a commented document to start from. */
export function initCommand(io: Io): Command {
  return command('init', 'Write a commented document to start from', [
    'init                                 # prints it',
    'init --file node.yaml --profile raspberry-pi',
    `init --file ${SPEC_FILE}`,
  ])
    .option('-f, --file <file>', 'write it to this file, which must not exist, instead of printing it')
    .addOption(
      new Option('--profile <name>', 'profile that it declares').choices(PRESET_NAMES).default(DEFAULT_PROFILE),
    )
    .action(async ({ file, profile }: { file?: string; profile: string }) => {
      const { renderSpecDocument } = await import('../../../app/install/spec-document.ts');
      const text = renderSpecDocument(profile);
      if (file === undefined || file === '-') io.out(text);
      else {
        const path = isAbsolute(file) ? file : resolve(file);
        const { here } = openMachine({ root: '/' });
        if ((await here.stat(path)) !== undefined) {
          throw new HostFileError(
            'write',
            path,
            'EEXIST',
            'it exists, and a document that was edited is never overwritten',
          );
        }
        await here.writeFile(path, text);
        io.out(
          `${path} is written. Check it with "nodeprep validate ${path}", see what it would change with "nodeprep plan --file ${path}".\n`,
        );
      }
      io.exit(0);
    });
}
