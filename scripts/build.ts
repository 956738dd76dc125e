/**
 * Builds dist/nodeprep, one executable that needs no Node.js on the host.
 *   npm run build                          for this machine
 *   npm run build -- --arch linux-arm64    for another one; also linux-x64 or all
 *   npm run build -- --no-archive          without the archives, which take most of the time
 */
import { copyFileSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeArchives, writeSums } from './build/archive.ts';
import { BUNDLE, writeBundle } from './build/bundle.ts';
import { TERMS, writeExecutable } from './build/executable.ts';
import { LIBATOMIC } from './build/libatomic.ts';
import { DIST, VERSION } from './build/paths.ts';
import { run } from './build/run.ts';
import { NATIVE, targetsFrom } from './build/target.ts';

const { values } = parseArgs({
  options: { arch: { type: 'string', multiple: true, default: [] }, 'no-archive': { type: 'boolean', default: false } },
});
const targets = targetsFrom(values.arch);

mkdirSync(DIST, { recursive: true });
const { packages } = await writeBundle();
say(BUNDLE);
for (const target of targets) {
  const directory = writeExecutable(target, packages);
  if (target === NATIVE) {
    for (const name of ['nodeprep', LIBATOMIC, ...TERMS]) {
      // A running executable cannot be written to, only replaced.
      rmSync(join(DIST, name), { force: true });
      copyFileSync(join(directory, name), join(DIST, name));
    }
    const said = run(join(DIST, 'nodeprep'), ['version']).trim();
    if (!said.startsWith(`nodeprep ${VERSION} (`))
      throw new Error(`The executable says "${said}" and package.json "${VERSION}"`);
    say(join(DIST, 'nodeprep'));
  }
  say(join(directory, 'nodeprep'));
  if (!values['no-archive']) for (const archive of writeArchives(target)) say(archive);
}
await writeSums();

function say(path: string): void {
  const bytes = statSync(path).size;
  const size = bytes > 10 << 20 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1024)} KB`;
  console.log(`${path.slice(DIST.length - 4)}: ${size}`);
}
