/**
 * Prints what CHANGELOG.md says of a version, for its tag and its page; docs/releasing.md has the steps around it.
 *   npm run -s release-notes              the version in package.json
 *   npm run -s release-notes -- 0.2.0     another one, or "Unreleased"
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT, VERSION } from './build/paths.ts';
import { notesOf } from './release/notes.ts';

try {
  process.stdout.write(notesOf(readFileSync(join(PROJECT, 'CHANGELOG.md'), 'utf8'), process.argv[2] ?? VERSION));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
