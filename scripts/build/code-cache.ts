/**
 * Compiled code for the executable. Node's own code cache holds only what runs at load time, and
 * functions that a command needs are compiled at every start again: half of the time of `plan`.
 * This one is made after commands have run, so it holds what they compiled.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLE } from './bundle.ts';
import { NATIVE_NODE } from './node-binary.ts';
import { PROJECT } from './paths.ts';
import { run } from './run.ts';

/** A machine whose files were captured for the tests; a copy of it is made ready. */
const CAPTURED_HOST = join(PROJECT, 'test/support/hosts/debian-12/root');

/** Flags of the executable; compiled code is only accepted by a Node with the same ones. */
export const EXECUTABLE_FLAGS = ['--max-semi-space-size=1', '--max-old-space-size=64'] as const;

/** Writes the bundle as the function that the loader calls, and what it compiles to; both are assets. */
export function writeProgram(directory: string, withCache: boolean): Readonly<Record<string, string>> {
  const program = join(directory, 'program.cjs');
  writeFileSync(program, `(function(require,module,exports){${readFileSync(BUNDLE, 'latin1')}\n})`, 'latin1');
  if (!withCache) return { 'nodeprep.cjs': program };
  const cache = join(directory, 'program.cache');
  const host = join(directory, 'host');
  cpSync(CAPTURED_HOST, host, { recursive: true, verbatimSymlinks: true });
  run(NATIVE_NODE, [...EXECUTABLE_FLAGS, join(import.meta.dirname, 'warm-up.ts'), program, cache, host]);
  return { 'nodeprep.cjs': program, 'nodeprep.cache': cache };
}
