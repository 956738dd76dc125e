import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { libraryFor, ownExecutable } from '../../../../src/host/own/own-executable.ts';
import { temporaryDirectory } from '../../../support/nodeprep-process.ts';

function machine(...libraries: readonly string[]) {
  const root = realpathSync(temporaryDirectory());
  for (const name of ['download', 'old', 'new']) mkdirSync(join(root, name));
  symlinkSync('old', join(root, 'current'));
  for (const name of libraries) writeFileSync(join(root, name, 'libatomic.so.1'), name);
  return { library: libraryFor(join(root, 'download/nodeprep'), join(root, 'current')), root };
}

test('the library is taken from beside the program', () => {
  const { library, root } = machine('download', 'old');

  expect(library).toBe(join(root, 'download/libatomic.so.1'));
});

test('a program that was copied alone takes the library of the installed build, under a name that stays', () => {
  const { library, root } = machine('old');

  expect(library).toBe(join(root, 'old/libatomic.so.1'));
});

test('no library is taken where neither has one, because the system brings it', () => {
  expect(machine().library).toBeUndefined();
});

test('what runs from its sources is no executable', () => {
  expect(ownExecutable('/usr/local/lib/nodeprep/current')).toBeUndefined();
});
