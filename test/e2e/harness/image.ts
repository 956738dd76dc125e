/** The disk image of a Debian machine, built once and kept. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { cached, hashOf } from './cache.ts';

const BUILD_IMAGE = join(import.meta.dirname, 'build-image');

/** Releases that the tests boot. */
export type Suite = 'bookworm' | 'trixie';

/** The folder with the image of that release; builds it when the script has changed since. Takes minutes then. */
export async function ensureImage(suite: Suite): Promise<string> {
  return cached(`image-${suite}`, hashOf(BUILD_IMAGE), async (folder) => {
    console.log(`e2e: building the image of a ${suite} machine, once; this takes some minutes`);
    const log: string[] = [];
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      const child = spawn(BUILD_IMAGE, [suite, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => log.push(String(chunk)));
      child.once('error', reject).once('close', resolve);
    });
    if (exitCode !== 0) {
      const tail = log.join('').trim().split('\n').slice(-5).join('\n');
      throw new Error(`the image of a ${suite} machine could not be built (exit code ${exitCode}):\n${tail}`);
    }
  });
}
