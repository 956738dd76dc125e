/** Makes the single executable: Node, the bundle, its code cache and the files of the units in one file. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { manualPages } from '../man/pages.ts';
import { discardStale } from './archive.ts';
import { BUNDLE } from './bundle.ts';
import { EXECUTABLE_FLAGS, SAME_EVERY_TIME, writeProgram } from './code-cache.ts';
import { copyLibatomic } from './libatomic.ts';
import { NATIVE_NODE, nodeLicences, prepareNode } from './node-binary.ts';
import { DIST, PROJECT } from './paths.ts';
import { run } from './run.ts';
import { SEA_LOADER } from './sea-loader.ts';
import { NATIVE, type Target } from './target.ts';
import { readThirdParty, renderNotices } from './third-party.ts';

const UNITS = join(PROJECT, 'manifests/systemd');

/** What goes with every executable that is passed on: our terms and those of others. */
export const TERMS = ['LICENSE', 'THIRD-PARTY-NOTICES'] as const;

/** Writes `dist/<target>/nodeprep` with what it needs beside it and its terms, and returns that directory. */
export function writeExecutable(target: Target, packages: readonly string[]): string {
  const directory = join(DIST, target.name);
  const thirdParties = packages.map((folder) => readThirdParty(join(PROJECT, folder)));
  const notices = renderNotices(thirdParties, nodeLicences());
  discardStale(target, [BUNDLE, ...unitFiles().map((name) => join(UNITS, name))]);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const work = mkdtempSync(join(directory, 'work-'));
  const fresh = join(work, 'nodeprep');
  const config = join(work, 'sea.json');
  // The name is kept in the executable: no path of the building machine goes with it.
  const main = 'main.cjs';
  writeFileSync(join(work, main), SEA_LOADER);
  const units = Object.fromEntries(unitFiles().map((name) => [name, join(UNITS, name)]));
  writeFileSync(
    config,
    JSON.stringify({
      main,
      mainFormat: 'commonjs',
      output: fresh,
      executable: prepareNode(target),
      disableExperimentalSEAWarning: true,
      useCodeCache: target === NATIVE,
      // A cap and a small nursery: the daemon allocates little, so its memory stays small and flat.
      execArgv: EXECUTABLE_FLAGS,
      // NODE_OPTIONS of the environment must not reach a program that runs as root.
      execArgvExtension: 'none',
      // Compiled code fits only the processor that compiled it.
      assets: { ...units, ...writeProgram(work, target === NATIVE) },
    }),
  );
  // The loader is compiled now, and accepted only by a Node with the same flags; another one warns at every start.
  run(NATIVE_NODE, [...EXECUTABLE_FLAGS, SAME_EVERY_TIME, '--build-sea', config], { cwd: work });
  // The page cache of a file that was just written is in large folios, which count as memory of the process that maps it.
  const executable = join(directory, 'nodeprep');
  copyFileSync(fresh, executable);
  chmodSync(executable, 0o755);
  rmSync(work, { recursive: true });
  copyLibatomic(target, directory);
  copyFileSync(join(PROJECT, 'LICENSE'), join(directory, 'LICENSE'));
  writeFileSync(join(directory, 'THIRD-PARTY-NOTICES'), notices);
  for (const [path, page] of Object.entries(manualPages())) {
    const at = join(directory, 'man', path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, page);
  }
  return directory;
}

/** Paths below manifests/systemd, with which the executable finds its assets. */
function unitFiles(): string[] {
  return readdirSync(UNITS, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(UNITS.length + 1))
    .toSorted();
}
