/**
 * libatomic.so.1, the one library of the Node binary that a minimal Debian or Ubuntu does not have:
 * from this machine when the target is this machine, else from the Debian package for cross compilers.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './paths.ts';
import { isInstalled, run } from './run.ts';
import { NATIVE, type Target } from './target.ts';

export const LIBATOMIC = 'libatomic.so.1';

/** Puts the library into a directory; throws with what to install when it cannot be had. */
export function copyLibatomic(target: Target, directory: string): void {
  copyFileSync(findLibatomic(target), join(directory, LIBATOMIC));
}

function findLibatomic(target: Target): string {
  const cached = join(CACHE, `${LIBATOMIC}-${target.name}`);
  const places = ['/usr/lib', '/lib'].map((directory) => join(directory, target.triplet, LIBATOMIC));
  const cross = [`/usr/${target.triplet}/lib/${LIBATOMIC}`, cached];
  // Fedora and its like keep the libraries of the machine itself here.
  const native = target === NATIVE ? ['/usr/lib64/libatomic.so.1', '/usr/lib/libatomic.so.1'] : [];
  const found = [...places, ...cross, ...native].find(existsSync);
  if (found !== undefined) return found;
  downloadLibatomic(target, cached);
  return cached;
}

/** Nothing is installed: the package is only fetched and unpacked. */
function downloadLibatomic(target: Target, destination: string): void {
  const name = target === NATIVE ? 'libatomic1' : `libatomic1-${target.debianArchitecture}-cross`;
  if (!isInstalled('apt-get') || !isInstalled('dpkg-deb')) {
    throw new Error(`Cannot find ${LIBATOMIC} for ${target.name}: install it at /usr/lib/${target.triplet}/`);
  }
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'libatomic-'));
  try {
    // apt gives up its rights for the download, and that user must be able to write here.
    run('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', 'download', name], { cwd: work });
    const [archive] = readdirSync(work);
    run('dpkg-deb', ['-x', join(work, archive ?? ''), join(work, 'root')]);
    const library = readdirSync(join(work, 'root'), { recursive: true, encoding: 'utf8' }).find((path) =>
      path.endsWith(LIBATOMIC),
    );
    if (library === undefined) throw new Error(`The package "${name}" holds no ${LIBATOMIC}`);
    copyFileSync(join(work, 'root', library), destination);
  } catch (error) {
    const advice = `Cannot get ${LIBATOMIC} for ${target.name}: run "apt-get update", or install the package "${name}"`;
    throw new Error(advice, { cause: error });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
