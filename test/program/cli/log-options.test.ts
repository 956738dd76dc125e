import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it, vi } from 'vitest';
import { runCommand } from '../../support/command-line.ts';
import { copyOfHost, temporaryDirectory } from '../../support/nodeprep-process.ts';

vi.setConfig({ testTimeout: 60_000 });

/** The log of a boot whose output is a file that says to be the journal, or not. */
function logOf(
  isJournal: boolean,
  options: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): string {
  const path = join(temporaryDirectory(), 'log');
  const output = openSync(path, 'a');
  const { dev, ino } = fstatSync(output, { bigint: true });
  const journal = { JOURNAL_STREAM: `${dev}:${ino + (isJournal ? 0n : 1n)}` };
  const args = [inject('program'), 'bootstrap', '--service', '--root', copyOfHost('debian-12'), ...options];
  spawnSync(process.execPath, args, { stdio: ['ignore', output, 'pipe'], env: { ...process.env, ...journal, ...env } });
  closeSync(output);
  return readFileSync(path, 'utf8');
}

it.each(['--log-level=loud', '--log-format=xml'])('run refuses %s and names the choices', async (option) => {
  const { code, stderr } = await runCommand(['run', option, '--root', copyOfHost('debian-12')]);

  expect(code).toBe(1);
  expect(stderr).toMatch(/Allowed choices are (debug, info, warn, error|auto, text, json)/);
});

it('the journal gets sentences with a priority', () => {
  expect(logOf(true)).toMatch(/^<6>For the next boot: overlay set to loaded at boot; .*$/m);
});

it.each([
  ['elsewhere, although the journal is near', false, []],
  ['in the journal, when asked for', true, ['--log-format', 'json']],
])('programs get JSON %s', (_, isJournal, options) => {
  for (const line of logOf(isJournal, options).trim().split('\n'))
    expect(JSON.parse(line.replace(/^<\d>/, ''))).toHaveProperty('message');
});

it('the option decides the level before the environment does', () => {
  expect(logOf(true, [], { NODEPREP_LOG_LEVEL: 'error' })).not.toContain('<6>');
  expect(logOf(true, ['--log-level', 'info'], { NODEPREP_LOG_LEVEL: 'error' })).toContain('<6>');
});
