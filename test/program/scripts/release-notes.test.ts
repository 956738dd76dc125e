import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { notesOf, releasesIn } from '../../../scripts/release/notes.ts';
import { VERSION } from '../../../src/app/version.ts';

const PROJECT = join(import.meta.dirname, '../../..');
const CHANGELOG = `# Changelog

Words.

## [Unreleased]

## [0.2.0] - 2026-12-31

A sentence.

### Fixed

- One thing.

## [0.1.0] - 2026-11-30

### Added

- All.
`;

describe('notes of a release', () => {
  test.each(['0.2.0', 'v0.2.0'])('are what the changelog says of %s and nothing else', (version) => {
    expect(notesOf(CHANGELOG, version)).toBe('A sentence.\n\n### Fixed\n\n- One thing.\n');
  });

  test('of the oldest version end with the file', () => {
    expect(notesOf(CHANGELOG, '0.1.0')).toBe('### Added\n\n- All.\n');
  });

  test.each([
    ['0.3.0', /has no version 0\.3\.0/],
    ['0.2', /has no version 0\.2/],
    ['Unreleased', /says nothing of version Unreleased/],
  ])('are missed where there are none: %s', (version, message) => {
    expect(() => notesOf(CHANGELOG, version)).toThrow(message);
  });
});

describe('a changelog is refused', () => {
  test.each([
    ['without a date', '## [0.3.0]'],
    ['with a date that is no date', '## [0.3.0] - soon'],
    ['without brackets', '## 0.3.0 - 2026-12-31'],
    ['with a version that is there twice', '## [0.2.0] - 2026-12-31'],
    ['with a second head for what is to come', '## [Unreleased]'],
    ['with a kind of change of its own', '### Improved'],
  ])('%s, with the line', (_, heading) => {
    expect(() => releasesIn(`${CHANGELOG}${heading}\n`)).toThrow(`CHANGELOG.md:${CHANGELOG.split('\n').length}: `);
  });
});

describe('the changelog of this project', () => {
  const changelog = readFileSync(join(PROJECT, 'CHANGELOG.md'), 'utf8');

  test('is in the format, newest version first, with a place for what is to come', () => {
    const [unreleased, ...versions] = releasesIn(changelog);
    const dates = versions.map(({ date = '' }) => date);

    expect(unreleased).toMatchObject({ name: 'Unreleased' });
    expect(dates).toEqual(dates.toSorted().toReversed());
    for (const { notes } of versions) expect(notes).not.toBe('');
  });

  test('knows the version of the program, or has what will be in it', () => {
    const released = releasesIn(changelog).find(({ name }) => name === VERSION || name === 'Unreleased');

    expect(released?.notes).not.toBe('');
  });

  test('gives its notes to the maker of a tag, or says what is missing', () => {
    const script = join(PROJECT, 'scripts/release-notes.ts');
    const run = (version: string) => spawnSync(process.execPath, [script, version], { encoding: 'utf8' });

    expect(run('Unreleased')).toMatchObject({ status: 0, stdout: notesOf(changelog, 'Unreleased') });
    expect(run('99.0.0')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('no version 99.0.0'),
    });
  });
});
