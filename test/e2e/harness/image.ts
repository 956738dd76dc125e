/** The disk image of a Debian machine, built once and kept. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { cached, hashOf } from './cache.ts';

const BUILD_IMAGE = join(import.meta.dirname, 'build-image');

/** Releases that the tests boot. */
export type Suite = 'bookworm' | 'trixie';

/** The folder with the image of that release; builds it when the script has changed since. Takes minutes then. */
export async function ensureImage(suite: Suite): Promise<string> {
  return build(`image-${suite}`, hashOf(BUILD_IMAGE), suite, []);
}

/** The same with more packages, kept beside it; `name` tells it from other such images. */
export async function ensureImageWith(name: string, suite: Suite, packages: readonly string[]): Promise<string> {
  return build(`${name}-image-${suite}`, `${hashOf(BUILD_IMAGE)}-${packages.join('+')}`, suite, packages);
}

async function build(kind: string, key: string, suite: Suite, packages: readonly string[]): Promise<string> {
  return cached(kind, key, async (folder) => {
    console.log(`e2e: building the image of a ${suite} machine, once; this takes some minutes`);
    const log: string[] = [];
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      const child = spawn(BUILD_IMAGE, [suite, folder, packages.join(',')], { stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => log.push(String(chunk)));
      child.once('error', reject).once('close', resolve);
    });
    if (exitCode !== 0) {
      const tail = log.join('').trim().split('\n').slice(-5).join('\n');
      throw new Error(`the image of a ${suite} machine could not be built (exit code ${exitCode}):\n${tail}`);
    }
  });
}
