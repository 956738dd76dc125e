/**
 * The executable on the host. Every build has a directory of its own, and one link decides which of
 * them runs, so that a crash at any moment leaves a NodePrep that starts.
 */
import { posix } from 'node:path';
import type { Host } from '../../host/host.ts';
import { fingerprint, type OwnExecutable } from '../../host/own-executable.ts';
import { VERSION } from '../version.ts';
import { CURRENT, PREVIOUS, PROGRAM, PROGRAM_DIRECTORY } from './layout.ts';

/** Told of every path that was changed. */
export type OnChange = (path: string) => void;

/** Copies the executable, makes it the current one, keeps the one before; returns its directory. */
export async function installProgram(host: Host, own: OwnExecutable, onChange: OnChange): Promise<string> {
  const build = `${VERSION}-${await fingerprint(own.files[0])}`;
  const directory = `${PROGRAM_DIRECTORY}/${build}`;
  // The executable last: where it is, the libraries that it needs are too.
  for (const file of own.files.toReversed()) {
    const path = `${directory}/${file.name}`;
    if ((await host.stat(path)) !== undefined) continue;
    await host.installFile(path, file.read(), 0o755);
    onChange(path);
  }
  if (host.kernel === 'running') await assertStarts(host, `${directory}/nodeprep`);

  const before = await host.readLink(CURRENT);
  if (before !== build) {
    if (before !== undefined && (await host.stat(`${PROGRAM_DIRECTORY}/${before}/nodeprep`)) !== undefined) {
      await link(host, PREVIOUS, before, onChange);
    }
    await link(host, CURRENT, build, onChange);
  }
  await link(host, PROGRAM, posix.relative(posix.dirname(PROGRAM), `${CURRENT}/nodeprep`), onChange);
  await removeOldBuilds(host);
  return directory;
}

/** Removes every build and the links to them; a file that somebody else put in their place stays. */
export async function removeProgram(host: Host): Promise<void> {
  const target = await host.readLink(PROGRAM);
  if (target?.includes('lib/nodeprep/current/') === true) await host.removeFile(PROGRAM);
  for (const path of [CURRENT, PREVIOUS]) await host.removeFile(path);
  await removeOldBuilds(host);
  await host.removeDirectory(PROGRAM_DIRECTORY);
}

async function assertStarts(host: Host, program: string): Promise<void> {
  // As the program that is running this works, but the copy may lack a library or lie on "noexec".
  const { stdout } = await host.query([program, 'version'], { timeoutMs: 60_000 });
  if (stdout.trim() === `nodeprep ${VERSION}`) return;
  throw new Error(`Cannot install "${program}": it says ${JSON.stringify(stdout.slice(0, 80))} instead of its version`);
}

async function link(host: Host, path: string, target: string, onChange: OnChange): Promise<void> {
  if ((await host.readLink(path)) === target) return;
  await host.makeLink(path, target);
  onChange(path);
}

async function removeOldBuilds(host: Host): Promise<void> {
  const kept = [await host.readLink(CURRENT), await host.readLink(PREVIOUS)];
  for (const name of (await host.listDirectory(PROGRAM_DIRECTORY)) ?? []) {
    const directory = `${PROGRAM_DIRECTORY}/${name}`;
    if (kept.includes(name) || (await host.stat(directory))?.type !== 'directory') continue;
    for (const file of (await host.listDirectory(directory)) ?? []) await host.removeFile(`${directory}/${file}`);
    await host.removeDirectory(directory);
  }
}
