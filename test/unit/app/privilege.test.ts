import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { requireRoot, sameCommand } from '../../../src/app/privilege.ts';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

it('the command that is advised is the one that was typed, with every argument', () => {
  const directory = temporaryDirectory();
  const script = join(directory, "it's.mjs");
  writeFileSync(script, 'process.stdout.write(JSON.stringify([process.execArgv, process.argv.slice(2)]))');
  chmodSync(script, 0o644);
  const args = ['bootstrap', '--file', 'my spec.yaml', '--profile', "a'b$c"];
  const typed = { execPath: process.execPath, execArgv: ['--disable-sigusr1'], argv: ['node', script, ...args] };

  const said = execFileSync('sh', ['-c', sameCommand(typed).join(' ')], { encoding: 'utf8' });

  expect(JSON.parse(said)).toEqual([['--disable-sigusr1'], args]);
});

it.each([
  ['bootstrap', true],
  ['bootstrap --service', true],
  ['run', true],
  ['uninstall', false],
  ['install', false],
  ['retry', false],
])('without root "%s" advises a plan only where that shows the same', (command, advises) => {
  const asNobody = vi.spyOn(process, 'geteuid').mockReturnValue(65534);
  onTestFinished(() => asNobody.mockRestore());
  let said = '';
  try {
    requireRoot({ live: true }, command);
  } catch (error) {
    said = String(error);
  }

  expect(said).toContain('must run as root');
  expect(said.includes('"nodeprep plan"')).toBe(advises);
});
