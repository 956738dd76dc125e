/**
 * Bundles src/main.ts into one CommonJS file, dist/nodeprep.cjs, which Node 26 runs without
 * node_modules. CommonJS because the ESM import of node:http alone costs 33 ms at start.
 */
import { build, type Plugin } from 'esbuild';

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

const result = await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/nodeprep.cjs',
  bundle: true,
  platform: 'node',
  target: 'node26',
  format: 'cjs',
  minify: true,
  sourcemap: false,
  legalComments: 'none',
  banner: { js: '#!/usr/bin/env node' },
  plugins: [withoutSideEffects],
  metafile: true,
});
const bytes = result.metafile.outputs['dist/nodeprep.cjs']?.bytes ?? 0;
console.log(`dist/nodeprep.cjs: ${Math.ceil(bytes / 1024)} KB`);
