/**
 * The executable on the host. Every build has a directory of its own, and one link decides which of
 * them runs, so that a crash at any moment leaves a NodePrep that starts.
 */
import { posix } from 'node:path';
import { CommandError } from '../../host/errors.ts';
import type { Host } from '../../host/host.ts';
import { type OwnExecutable, type ProgramFile, sumOf } from '../../host/own/own-executable.ts';
import { VERSION } from '../version.ts';
import { NotInstallableError } from './not-installable.ts';
import { CURRENT, PREVIOUS, PROGRAM, PROGRAM_DIRECTORY } from './layout.ts';

/** As `installProgram` names its directories. */
const BUILD = /^\d+\.\d+\.\d+\S*-[0-9a-f]{12}$/;
const PROGRAM_MODE = 0o755;

/** Told of every path that was changed. */
export type OnChange = (path: string) => void;

/** Copies the executable, makes it the current one, keeps the one before; returns its directory. */
export async function installProgram(host: Host, own: OwnExecutable, onChange: OnChange): Promise<string> {
  const build = `${VERSION}-${(await sumOf(own.files[0])).slice(0, 12)}`;
  const directory = `${PROGRAM_DIRECTORY}/${build}`;
  // The executable last: where it is, the libraries that it needs are too.
  for (const file of own.files.toReversed()) await installFile(host, directory, file, onChange);
  if (host.kernel === 'running') await assertStarts(host, `${directory}/nodeprep`);

  await switchTo(host, build, onChange);
  await link(host, PROGRAM, posix.relative(posix.dirname(PROGRAM), `${CURRENT}/nodeprep`), onChange);
  return directory;
}

/** Removes every build and the links to them; a foreign file in their place stays. */
export async function removeProgram(host: Host): Promise<void> {
  const target = await host.readLink(PROGRAM);
  if (target?.includes('lib/nodeprep/current/') === true) await host.removeFile(PROGRAM);
  for (const path of [CURRENT, PREVIOUS]) await host.removeFile(path);
  await removeOldBuilds(host);
  await host.removeDirectory(PROGRAM_DIRECTORY);
}

/** A file that is there is only believed by its bytes: disks fail, and people edit. */
async function installFile(host: Host, directory: string, file: ProgramFile, onChange: OnChange): Promise<void> {
  const path = `${directory}/${file.name}`;
  const found = await host.stat(path);
  const isWhole = found?.type === 'file' && found.mode === PROGRAM_MODE;
  if (isWhole && (await host.sumOf(path)) === (await sumOf(file))) return;
  if (found?.type === 'link') await host.removeFile(path);
  await host.installFile(path, file.read(), PROGRAM_MODE);
  onChange(path);
}

/** Makes a build the current one. When it does not start from there, everything is as it was before. */
async function switchTo(host: Host, build: string, onChange: OnChange): Promise<void> {
  const [before, previous] = [await host.readLink(CURRENT), await host.readLink(PREVIOUS)];
  if (before !== build) {
    if (before !== undefined && (await host.stat(`${PROGRAM_DIRECTORY}/${before}/nodeprep`)) !== undefined) {
      await link(host, PREVIOUS, before, onChange);
    }
    await link(host, CURRENT, build, onChange);
  }
  if (host.kernel !== 'running') return;
  try {
    // Once more: the check before may have found a library through the link, in the build that was current then.
    await assertStarts(host, `${CURRENT}/nodeprep`);
  } catch (error) {
    await linkBack(host, CURRENT, before);
    await linkBack(host, PREVIOUS, previous);
    throw error;
  }
}

async function linkBack(host: Host, path: string, target: string | undefined): Promise<void> {
  if (target === undefined) return host.removeFile(path);
  if ((await host.readLink(path)) !== target) await host.makeLink(path, target);
}

async function assertStarts(host: Host, program: string): Promise<void> {
  // As the program that is running this works, but the copy may lack a library or lie on "noexec".
  let said: string;
  try {
    const { stdout } = await host.run([program, 'version'], { timeoutMs: 60_000 });
    if (stdout.startsWith(`nodeprep ${VERSION} (`)) return;
    said = `it says ${JSON.stringify(stdout.slice(0, 80))} instead of its version`;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    said = error.message;
  }
  throw new NotInstallableError(
    `Cannot install "${program}": ${said}. What was installed before runs on. ` +
      'Copy the whole archive to the host, libatomic.so.1 belongs beside the executable, to a file system without "noexec".',
  );
}

async function link(host: Host, path: string, target: string, onChange: OnChange): Promise<void> {
  if ((await host.readLink(path)) === target) return;
  await host.makeLink(path, target);
  onChange(path);
}

/** Removes the builds that neither link leads to; foreign files beside them stay. */
export async function removeOldBuilds(host: Host): Promise<void> {
  const kept = [await host.readLink(CURRENT), await host.readLink(PREVIOUS)];
  for (const name of (await host.listDirectory(PROGRAM_DIRECTORY)) ?? []) {
    const directory = `${PROGRAM_DIRECTORY}/${name}`;
    if (!BUILD.test(name) || kept.includes(name) || (await host.stat(directory))?.type !== 'directory') continue;
    for (const file of (await host.listDirectory(directory)) ?? []) await host.removeFile(`${directory}/${file}`);
    await host.removeDirectory(directory);
  }
}
