/**
 * Assembles the root tree of the container image, with nothing but what the agent needs there. The Dockerfile runs
 * this; without a container engine it makes the same tree.
 *   npm run build:image-root                      dist/image-root, from dist/<this machine>/nodeprep
 *   npm run build:image-root -- --output /image --executable /other/nodeprep
 * The terms lie beside the executable, as the build leaves them. SOURCE_DATE_EPOCH is the time of every file in it, default 0.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { assembleTree, EXECUTABLE, IMAGE_ROOT } from './image/tree.ts';

const { values } = parseArgs({
  options: { output: { type: 'string', default: IMAGE_ROOT }, executable: { type: 'string', default: EXECUTABLE } },
});
const output = resolve(values.output);
const { files, bytes, packages } = assembleTree(
  output,
  Number(process.env['SOURCE_DATE_EPOCH'] ?? 0),
  resolve(values.executable),
);
console.log(`${output}: ${files} files, ${(bytes / 1e6).toFixed(1)} MB, parts of ${packages.join(', ')}`);
