/**
 * Runs a command of the bundle and keeps the code that was compiled for it:
 * node warm-up.ts PROGRAM CACHE ARGUMENTS…
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';

const [program = '', cache = ''] = process.argv.splice(2, 2);
const script = new Script(readFileSync(program, 'latin1'), { filename: 'nodeprep.cjs' });
type Program = (require: NodeJS.Require, module: object, exports: object) => void;
const start = script.runInThisContext() as Program;

process.on('exit', () => {
  writeFileSync(cache, script.createCachedData());
  // What the command thought of the building machine is of no interest.
  process.exitCode = 0;
});
const exported = {};
start(createRequire(import.meta.url), { exports: exported }, exported);
