/**
 * Compiled code for the executable. Node's own code cache holds only what runs at load time, and
 * functions that a command needs are compiled at every start again: half of the time of `plan`.
 * This one is made after a command has run, so it holds what that command compiled.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { BUNDLE } from './bundle.ts';
import { NATIVE_NODE } from './node-binary.ts';
import { run } from './run.ts';

/**
 * Flags of the executable; compiled code is only accepted by a Node with the same ones. What works for
 * milliseconds a day is never worth compiling: without compilers the engine reserves no 512 MB of code, for which a small
 * host with `vm.overcommit_memory=2` has no commitment to give, and the unit needs no memory that can be written and
 * executed. Bytecode stays, so that the first repair after a quiet day is as fast as the second. The nursery is so small
 * that other threads cost more than they help (and each of them commits 8 MB of stack), and memory is given back once
 * (`src/app/daemon/release-memory.ts`, for which `gc` is exposed) and not whenever little happens, which here is always.
 * SIGUSR1 does not open the debugger, over which every local user could run code as root.
 */
export const EXECUTABLE_FLAGS = [
  '--disable-sigusr1',
  '--jitless',
  '--v8-pool-size=1',
  '--max-semi-space-size=1',
  '--max-old-space-size=64',
  '--initial-old-space-size=24',
  '--optimize-for-size',
  '--no-flush-bytecode',
  '--single-threaded-gc',
  '--no-memory-reducer',
  '--expose-gc',
] as const;

/**
 * For a Node that makes compiled code: the order in it follows from a random number, and two builds of one commit are to
 * be equal. V8 does not ask for the same number when it reads the code.
 */
export const SAME_EVERY_TIME = '--random-seed=1';

/** Writes the bundle as the function that the loader calls, and what it compiles to; both are assets. */
export function writeProgram(directory: string, withCache: boolean): Readonly<Record<string, string>> {
  const program = join(directory, 'program.cjs');
  writeFileSync(program, `(function(require,module,exports){${readFileSync(BUNDLE, 'latin1')}\n})`, 'latin1');
  if (!withCache) return { 'nodeprep.cjs': program };
  const cache = join(directory, 'program.cache');
  // "plan" looks at this machine and changes nothing. Code of the daemon is left out on purpose: kept code is
  // unpacked at every start, and with it the daemon was two megabytes larger and "version" slower.
  // Node strips types with WebAssembly, which the flags of the executable switch off.
  const warmUp = join(directory, 'warm-up.mjs');
  writeFileSync(warmUp, stripTypeScriptTypes(readFileSync(join(import.meta.dirname, 'warm-up.ts'), 'utf8')));
  run(NATIVE_NODE, [...EXECUTABLE_FLAGS, SAME_EVERY_TIME, warmUp, program, cache, 'plan']);
  return { 'nodeprep.cjs': program, 'nodeprep.cache': cache };
}
