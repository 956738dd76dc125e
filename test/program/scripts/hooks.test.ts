import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

const PROJECT = join(import.meta.dirname, '../../..');
const GOOD = 'export const answer: number = 42;\n';

/** A checkout with the hook enabled as `npm run hooks` does it, and nothing in it yet. */
function checkout() {
  const directory = temporaryDirectory();
  const git = (...args: readonly string[]) =>
    spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], {
      cwd: directory,
      encoding: 'utf8',
      // A test that is itself run by a hook must not meet the repository of that.
      env: { PATH: process.env['PATH'], HOME: directory },
    });
  git('init', '-q');
  const { hooks } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')).scripts;
  git(...hooks.split(' ').slice(1));
  symlinkSync(join(PROJECT, 'node_modules'), join(directory, 'node_modules'));
  cpSync(join(PROJECT, 'scripts/hooks'), join(directory, 'scripts/hooks'), { recursive: true });
  for (const name of ['biome.json', '.oxlintrc.json', '.gitignore']) cpSync(join(PROJECT, name), join(directory, name));
  const types = { extends: join(PROJECT, 'tsconfig.json'), include: ['*.ts'], compilerOptions: { types: [] } };
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(types));
  const commit = (files: Readonly<Record<string, string>>, message = 'a') => {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(directory, name), text);
      git('add', name);
    }
    const { status, stdout, stderr } = git('commit', '-q', '-m', message);
    return { isDone: status === 0, said: stdout + stderr };
  };
  return { directory, commit };
}

describe('the check before a commit', () => {
  test('lets through what is as it should be, whatever lies beside it', () => {
    const { directory, commit } = checkout();
    writeFileSync(join(directory, 'unstaged.ts'), 'export   const x = 1\n');

    expect(commit({ 'a.ts': GOOD, 'notes.md': '#notes' })).toMatchObject({ isDone: true });
  });

  test.each([
    ['the layout', 'export const  answer = 42', 'npm run format'],
    ['a rule', 'export default 42;\n', 'no-default-export'],
    ['the types', "export const answer: number = 'x';\n", 'the types do not fit'],
  ])('refuses a staged file that breaks %s, and says so', (_, text, message) => {
    const { commit } = checkout();

    const { isDone, said } = commit({ 'a.ts': text });

    expect(isDone).toBe(false);
    expect(said).toContain(message);
  });

  test('finds a type that the change breaks in another file', () => {
    const { commit } = checkout();
    expect(
      commit({ 'a.ts': GOOD, 'b.ts': "import { answer } from './a.ts';\n\nexport const more = answer + 1;\n" }),
    ).toMatchObject({ isDone: true });

    expect(commit({ 'a.ts': GOOD.replace('answer', 'question') }).said).toContain('b.ts');
  });
});
