'use strict';
// Runs the bundle once and keeps the code that was compiled for it: node warm-up.cjs BUNDLE CACHE ARGUMENTS…
const { readFileSync, writeFileSync } = require('node:fs');
const { Script } = require('node:vm');

const [bundle, cache] = process.argv.splice(2, 2);
const script = new Script(readFileSync(bundle, 'latin1'), { filename: 'nodeprep.cjs' });
process.on('exit', () => {
  writeFileSync(cache, script.createCachedData());
  // What the command thought of the building machine is of no interest.
  process.exitCode = 0;
});
script.runInThisContext()(require, module, exports);
