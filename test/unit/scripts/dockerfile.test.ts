import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Copy, Instruction, Label, Run } from 'dockerfile-ast';
import { expect, test } from 'vitest';
import { NODE_VERSION, PROJECT, VERSION } from '../../../scripts/build/paths.ts';
import { ENTRYPOINT } from '../../../scripts/image/tree.ts';
import { imageConfigFrom, lastStageOf, readDockerfile } from '../../support/oci/dockerfile.ts';

const dockerfile = readDockerfile();
const last = lastStageOf(dockerfile);
const isCopy = (one: Instruction): one is Copy => one.getKeyword() === 'COPY';
const isLabel = (one: Instruction): one is Label => one.getKeyword() === 'LABEL';
const isRun = (one: Instruction): one is Run => one.getKeyword() === 'RUN';

test('the last stage of the image is the assembled tree and nothing else', () => {
  const files = last.filter((one) => ['FROM', 'COPY', 'ADD', 'RUN'].includes(one.getKeyword()));

  expect(files.map(String)).toEqual(['FROM scratch', 'COPY --from=build /image/ /']);
});

test('the tree of the image is assembled by the script that works without a container engine', () => {
  const scripts = (JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { scripts: object }).scripts;
  const runs = dockerfile.getInstructions().filter(isRun).map(String).join('\n');

  expect(runs).toContain('npm run -s build:image-root -- --output /image');
  expect(runs).toContain('npm run -s build -- --no-archive');
  expect(scripts).toHaveProperty(['build:image-root']);
});

test('the image starts the executable as root, with arguments that explain it when there are none', () => {
  expect(imageConfigFrom(dockerfile)).toMatchObject({
    entrypoint: [ENTRYPOINT],
    cmd: ['run', '--help'],
    uid: 0,
    gid: 0,
    env: { MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '2' },
  });
});

test('the image says what it is, in the version of the project', () => {
  const args = last.filter((one) => one.getKeyword() === 'ARG').map((one) => one.getRawArgumentsContent());
  const labels = last.filter(isLabel).flatMap((one) => one.getProperties());
  const valueOf = (name: string) => labels.find((one) => one.getName() === name)?.getValue();

  expect(args).toContain(`VERSION=${VERSION}`);
  expect(valueOf('org.opencontainers.image.version')).toBe('${VERSION}');
  expect(valueOf('org.opencontainers.image.licenses')).toBe('Apache-2.0');
  expect(labels.map((one) => one.getName())).toEqual(
    ['title', 'description', 'licenses', 'version', 'revision'].map((name) => `org.opencontainers.image.${name}`),
  );
});

test('the image is built with the Node that the project pins, on a base whose version is fixed', () => {
  const [base] = dockerfile.getInitialARGs();

  expect(base?.getRawArgumentsContent()).toBe(`BASE=node:${NODE_VERSION}-trixie-slim`);
});

test('every file that the build copies exists and is not kept out of it, and nothing else comes in', () => {
  const copied = dockerfile
    .getInstructions()
    .filter(isCopy)
    .filter((one) => one.getFlags().length === 0)
    .flatMap((one) => one.getArguments().slice(0, -1).map(String));
  const admitted = readFileSync(join(PROJECT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

  expect(copied.filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
  expect(admitted.toSorted()).toEqual(['*', ...copied.map((path) => `!${path}`)].toSorted());
});
