/**
 * Runs commands of the bundle, one after the other in this process, and keeps the code that was
 * compiled for them: node warm-up.ts PROGRAM CACHE HOST, where HOST is a directory to work on.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';

const [program = '', cache = '', host = ''] = process.argv.slice(2);
const script = new Script(readFileSync(program, 'latin1'), { filename: 'nodeprep.cjs' });
type Program = (require: NodeJS.Require, module: object, exports: object) => void;
const start = script.runInThisContext() as Program;

const commands = [
  ['bootstrap', '--root', host],
  ['run', '--root', host, '--metrics-port', '0'],
  // Looks at this machine and changes nothing.
  ['plan'],
];
// The process has nothing left to do whenever a command has ended.
process.on('beforeExit', next);
process.on('exit', () => {
  writeFileSync(cache, script.createCachedData());
  // What the commands thought of the host is of no interest.
  process.exitCode = 0;
});
next();

function next(): void {
  const command = commands.shift();
  if (command === undefined) return;
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...command);
  const exported = {};
  start(createRequire(import.meta.url), { exports: exported }, exported);
  if (command[0] === 'run') setTimeout(() => process.emit('SIGTERM'), 1500);
}
