/** Images and root trees, which scripts build: once, with the end of what a script said when it fails. */
import { spawn } from 'node:child_process';
import { cached } from './cache.ts';

/** The folder of the cache that a command fills; `what` is told while it takes minutes, and when it fails. */
export async function buildOnce(
  kind: string,
  key: string,
  what: string,
  command: (folder: string) => readonly string[],
): Promise<string> {
  return cached(kind, key, async (folder) => {
    console.log(`e2e: building ${what}, once; this takes some minutes`);
    const log: string[] = [];
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...command(folder)], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => log.push(String(chunk)));
      child.once('error', reject).once('close', resolve);
    });
    if (exitCode !== 0) {
      const tail = log.join('').trim().split('\n').slice(-5).join('\n');
      throw new Error(`${what} could not be built (exit code ${exitCode}):\n${tail}`);
    }
  });
}
