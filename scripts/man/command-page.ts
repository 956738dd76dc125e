/** nodeprep(8), from the command line itself. */
import type { Command } from 'commander';
import { SPEC_DIRECTORY, SPEC_FILE } from '../../src/disk/spec-files.ts';
import { STATUS_PATH } from '../../src/disk/status-file.ts';
import { LEDGER_PATH } from '../../src/reconcile/ledger/ledger.ts';
import { VERSION } from '../build/paths.ts';
import { type DocumentedProgram, documentedProgram } from '../reference/program.ts';
import { example, item, pageHead, paragraph, section, subsection } from './roff.ts';

/** The page in the language of man(7). */
export function commandPage(): string {
  const documented = documentedProgram();
  const { program } = documented;
  return [
    pageHead({
      name: 'nodeprep',
      section: 8,
      source: `nodeprep ${VERSION}`,
      title: 'System administration',
      is: 'make a Linux machine ready to be a Kubernetes node, and keep it so',
    }),
    section('SYNOPSIS', paragraph(`\`nodeprep\` ${program.usage()}`)),
    section(
      'DESCRIPTION',
      paragraph(
        'nodeprep loads kernel modules, sets kernel parameters and turns swap off as declared in one document, before ' +
          'the kubelet starts and at every boot. As a daemon it notices what differs, corrects it, and says who changed it. ' +
          'Everything it does can be shown beforehand with `nodeprep plan` and taken back with `nodeprep uninstall`.',
      ),
    ),
    section('OPTIONS', ...optionsOf(program)),
    section('COMMANDS', ...program.commands.map((command) => commandPart(command, documented))),
    section(
      'FILES',
      item(SPEC_FILE, 'What this host must be; see `nodeprep.yaml`(5).'),
      item(`${SPEC_DIRECTORY}/*.yaml`, 'Further parts of that document, merged in the order of their names.'),
      item(LEDGER_PATH, 'What this host was before. Nothing else knows it: do not remove this file.'),
      item(STATUS_PATH, 'How the host stands, for programs.'),
      item(
        'nodeprep-bootstrap.service, nodeprep.service',
        'The unit that makes the host ready before the kubelet, and the daemon that keeps it so.',
      ),
    ),
    section(
      'ENVIRONMENT',
      item(
        'NODEPREP_LOG_LEVEL',
        'Least important facts that are logged: debug, info, warn or error; `--log-level` goes before it.',
      ),
      item('NODEPREP_HOST_ROOT', 'As `--host-root`.'),
      item('NO_COLOR', 'When not empty, nothing is coloured; the same with a `TERM` of "dumb".'),
    ),
    section('SEE ALSO', paragraph('`nodeprep.yaml`(5), `sysctl.d`(5), `modules-load.d`(5), `swapon`(8)')),
    '',
  ].join('\n');
}

function commandPart(command: Command, { afterHelpOf }: DocumentedProgram): string {
  const after = afterHelpOf(command);
  return subsection(
    `nodeprep ${command.name()} ${command.usage()}`.trim(),
    paragraph(`${command.description().replace(/\.$/, '')}.`),
    ...optionsOf(command),
    ...(after === '' ? [] : after.split(/\n\n+/).map(afterPart)),
  );
}

/** Examples keep their lines, everything else is prose. */
function afterPart(text: string): string {
  const [first = '', ...rest] = text.split('\n');
  if (!/^Examples:$/.test(first)) return paragraph(text);
  return `${paragraph(first)}\n${example(rest.map((line) => line.replace(/^ {2}/, '')).join('\n'))}`;
}

function optionsOf(command: Command): readonly string[] {
  const help = command.createHelp();
  return help.visibleOptions(command).map((one) => item(help.optionTerm(one), sentence(help.optionDescription(one))));
}

/** Help has neither a capital at the start nor a full stop at the end; a manual page has both. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
