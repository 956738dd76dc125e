/**
 * Bundles src/main.ts into one CommonJS file. CommonJS because the ESM import of node:http alone
 * costs 33 ms at start, and because the code cache of a single executable does not know import().
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { buildInfo } from './build-info.ts';
import { leftOut } from './left-out.ts';
import { DIST, PROJECT } from './paths.ts';

/** The bundle, also of use by itself where Node 26 is installed. */
export const BUNDLE = join(DIST, 'nodeprep.cjs');

/** Lets esbuild drop what is not used from packages that do not say they are free of side effects. */
const withoutSideEffects: Plugin = {
  name: 'without-side-effects',
  setup(bundle) {
    bundle.onResolve({ filter: /^[^.]/ }, async (args) => {
      if (args.pluginData === 'seen' || args.kind === 'entry-point') return undefined;
      const { path, kind, importer, resolveDir } = args;
      const found = await bundle.resolve(path, { kind, importer, resolveDir, pluginData: 'seen' });
      if (found.errors.length > 0 || found.external || !found.path.includes('node_modules')) return found;
      return { ...found, sideEffects: false };
    });
  },
};

/** What a bundle came to. */
export interface Bundle {
  readonly bytes: number;
  /** Folders of the npm packages of which it has parts, from the project, sorted: their licences go with it. */
  readonly packages: readonly string[];
}

/** Writes the bundle, or that of another entry as it would be built. */
export async function writeBundle(entry = 'src/main.ts', outfile = BUNDLE): Promise<Bundle> {
  const result = await build({
    absWorkingDir: PROJECT,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'cjs',
    minify: true,
    sourcemap: false,
    legalComments: 'none',
    define: { NODEPREP_BUILD: JSON.stringify(buildInfo()) },
    logLevel: 'warning',
    plugins: [leftOut, withoutSideEffects],
    metafile: true,
  });
  assertNoImport(readFileSync(outfile, 'latin1'));
  const output = Object.values(result.metafile.outputs)[0];
  const kept = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const folders = kept.map(([path]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? '');
  return { bytes: output?.bytes ?? 0, packages: [...new Set(folders)].filter((path) => path !== '').toSorted() };
}

/**
 * Files of ours that are imported late become functions of the bundle. What is left as `import()`, of a module of
 * Node's or of a name that is computed, works wherever Node runs the file, and throws only in the executable.
 */
function assertNoImport(bundle: string): void {
  const found = /(?<![\w$.])import\s*\(.{0,80}/s.exec(bundle)?.[0];
  if (found === undefined) return;
  throw new Error(`The bundle has an import() that cannot work in the executable: ${found}`);
}
