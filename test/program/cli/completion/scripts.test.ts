import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { completionScript, type Shell, SHELLS } from '../../../../src/cli/completion/scripts.ts';
import { completedCommands } from '../../../../src/cli/completion/words.ts';
import { buildProgram } from '../../../../src/cli/program.ts';
import { temporaryDirectory } from '../../../support/nodeprep-process.ts';
import type { Io } from '../../../../src/cli/io.ts';

const IO: Io = {
  out: () => {},
  err: () => {},
  readStdin: async () => new Uint8Array(),
  color: false,
  columns: 80,
  signal: new AbortController().signal,
  onHangup: () => () => {},
  exit: () => {},
};
const COMMANDS = completedCommands(buildProgram(IO));
const isInstalled = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

/** What the shell says of a script that it only reads. */
function checked(shell: Shell, script: string) {
  const path = join(temporaryDirectory(), 'script');
  writeFileSync(path, script);
  return spawnSync(shell, ['-n', path], { encoding: 'utf8' });
}

/** What bash offers after `nodeprep WORDS…`, the last of which is being typed. */
function offered(words: readonly string[], commands = COMMANDS): readonly string[] {
  const script = `${completionScript('bash', commands)}
COMP_WORDS=(nodeprep "$@"); COMP_CWORD=$#; _nodeprep; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const stdout = execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8', cwd: '/proc/sys' });
  return stdout.split('\n').filter((word) => word !== '');
}

describe('completion in bash', () => {
  it.each([
    [['pla'], ['plan']],
    [['plan', '--out'], ['--output']],
    [
      ['plan', '-o', ''],
      ['table', 'json', 'yaml'],
    ],
    [['plan', '--output', 'y'], ['yaml']],
    [['plan', '--root', '/proc/sys/ne'], ['/proc/sys/net']],
    [['validate', '--file', 'ker'], ['kernel']],
    [['status', '--w'], ['--watch']],
    [
      ['retry', 's'],
      ['sysctls', 'swap'],
    ],
    [['no-such-command', ''], ['bootstrap']],
  ])('after %j offers %j', (words, expected) => {
    expect(offered(words)).toEqual(expect.arrayContaining(expected));
  });

  it('offers nothing that does not begin as typed', () => {
    expect(offered(['plan', '--zzz'])).toEqual([]);
    expect(offered(['completion', 'z'])).toEqual(['zsh']);
  });

  it('follows a command into its sub-commands', () => {
    const program = new Command('nodeprep');
    const rules = new Command('rules').addOption(new Option('--direction <way>', 'way').choices(['in', 'out']));
    program.addCommand(new Command('firewall').addCommand(rules));
    const commands = completedCommands(program);

    expect(offered(['firewall', 'ru'], commands)).toEqual(['rules']);
    expect(offered(['firewall', 'rules', '--direction', ''], commands)).toEqual(['in', 'out']);
  });
});

describe.each(SHELLS)('the script for %s', (shell: Shell) => {
  it.runIf(isInstalled(shell))(`is what the shell can read${isInstalled(shell) ? '' : ` [needs ${shell}]`}`, () => {
    const { status, stderr } = checked(shell, completionScript(shell, COMMANDS));

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('names every command and every option', () => {
    const script = completionScript(shell, COMMANDS);
    const long = COMMANDS.flatMap(({ options }) =>
      options.flatMap(({ flags }) => flags.filter((flag) => flag.length > 2)),
    );

    expect(COMMANDS.map(({ name }) => name).filter((name) => !script.includes(name))).toEqual([]);
    expect(long.filter((flag) => !script.includes(shell === 'fish' ? `-l ${flag.slice(2)}` : flag))).toEqual([]);
  });
});

it('quotes what a summary may contain', () => {
  const program = new Command('nodeprep');
  program.addCommand(new Command('odd').description(`it's "$(id)" [x]: \\ \`id\``).option('--a <file>', "it's $(id)"));

  for (const shell of SHELLS.filter(isInstalled)) {
    const { status, stderr, stdout } = checked(shell, completionScript(shell, completedCommands(program)));
    expect({ shell, status, stderr, stdout }).toEqual({ shell, status: 0, stderr: '', stdout: '' });
  }
});
