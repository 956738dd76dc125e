/** The last stage of the project's Dockerfile: what the image says besides its files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Dockerfile, DockerfileParser, type Instruction } from 'dockerfile-ast';
import type { ImageConfig } from './pod.ts';

/** The Dockerfile, parsed. */
export function readDockerfile(): Dockerfile {
  return DockerfileParser.parse(readFileSync(join(import.meta.dirname, '../../../Dockerfile'), 'utf8'));
}

/** The instructions after the last FROM, that one included. */
export function lastStageOf(dockerfile: Dockerfile): readonly Instruction[] {
  const all = dockerfile.getInstructions();
  return all.slice(all.findLastIndex((one) => one.getKeyword() === 'FROM'));
}

/** What a container runtime is told by the image. */
export function imageConfigFrom(dockerfile: Dockerfile): ImageConfig {
  const stage = lastStageOf(dockerfile);
  const of = (keyword: string) => stage.find((one) => one.getKeyword() === keyword)?.getRawArgumentsContent() ?? '';
  const [uid, gid] = of('USER').split(':').map(Number);
  if (uid === undefined || gid === undefined) throw new Error('The Dockerfile names no user and group');
  return {
    entrypoint: JSON.parse(of('ENTRYPOINT')) as readonly string[],
    cmd: JSON.parse(of('CMD')) as readonly string[],
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...Object.fromEntries(
        dockerfile
          .getENVs()
          .flatMap((one) => one.getProperties().map((each) => [each.getName(), each.getValue() ?? ''])),
      ),
    },
    uid,
    gid,
  };
}
