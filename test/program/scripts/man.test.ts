/** The manual pages, as `man` shows them where groff is installed. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { commandPage } from '../../../scripts/man/command-page.ts';
import { documentPage } from '../../../scripts/man/document-page.ts';
import { example, item, pageHead, paragraph, section } from '../../../scripts/man/roff.ts';
import { documentedProgram } from '../../../scripts/reference/program.ts';
import { documentFields } from '../../../scripts/reference/spec.ts';

const hasGroff = spawnSync('groff', ['--version']).status === 0;
const NEEDS = hasGroff ? '' : ' [needs groff]';

/** What a reader sees, without how it is broken into lines; throws when groff has anything to complain about. */
function shown(page: string): string {
  const { stdout, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-P-cbou', '-rLL=400n', '-ww', '-Kutf8'], {
    input: `${page}\n`,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.replaceAll(/\s+/g, ' ');
}

test.runIf(hasGroff)(`nodeprep(8) shows every command with every option, its examples and exit codes${NEEDS}`, () => {
  const page = shown(commandPage());
  const { program, afterHelpOf } = documentedProgram();

  expect(program.commands.length).toBeGreaterThan(5);
  for (const command of program.commands) {
    expect(page).toContain(`nodeprep ${command.name()} ${command.usage()}`.trim());
    for (const option of command.options) expect(page).toContain(option.flags);
    expect(page).toContain(afterHelpOf(command).replaceAll(/\s+/g, ' '));
  }
});

test.runIf(hasGroff)(`nodeprep.yaml(5) shows every field that people may write${NEEDS}`, () => {
  const page = shown(documentPage());
  const fields = documentFields().filter((columns) => !columns.some((text) => text.includes('ignored in files')));

  expect(fields.length).toBeGreaterThan(20);
  for (const [name = '', , , , , meaning = ''] of fields) {
    expect(page).toContain(`${name.replaceAll('`', '')} ${meaning.replaceAll('`', '').replaceAll(/\s+/g, ' ')}`);
  }
});

test.runIf(hasGroff)(`no text becomes a request, and every character comes out as itself${NEEDS}`, () => {
  const hostile = ['.so /etc/passwd', "'de x", '\\fBbold\\fR', "--it's ~/`^`-", '"quoted" ..', 'ä… \\(aq \\n[x]'];
  const plain = hostile.map((text) => text.replaceAll('`', ''));
  const head = { name: 'x', section: 1, source: 's "1"', title: 't', is: '.is' };

  const page = shown(
    [pageHead(head), section('A "B"', ...hostile.map(paragraph), ...hostile.map((text) => item(text, text)))].join(
      '\n',
    ),
  );
  for (const text of plain) expect(page.split(text).length - 1, text).toBeGreaterThanOrEqual(text === plain[3] ? 2 : 3);
  expect(page).toContain('A "B"');
  expect(shown([pageHead(head), section('A', example(hostile.join('\n')))].join('\n'))).toContain(hostile.join(' '));
});
