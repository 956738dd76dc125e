/**
 * What is in the container image: the executable, nsenter, by which it starts the programs of the host, the
 * libraries of both, and the few files that a C library and a vulnerability scanner look for. No shell, no package
 * manager, nothing that changes its user.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TERMS } from '../build/executable.ts';
import { DIST } from '../build/paths.ts';
import { NATIVE } from '../build/target.ts';
import { librariesOf } from './libraries.ts';
import { type DebianPackage, packagesOf } from './packages.ts';

/** Where the tree goes by default. */
export const IMAGE_ROOT = join(DIST, 'image-root');

/** Where the executable is in the image: the entry point of the Dockerfile. */
export const ENTRYPOINT = '/usr/local/bin/nodeprep';

/** Programs of the building machine that go along; everything else that the agent starts is the host's own. */
const PROGRAMS = ['/usr/bin/nsenter'];

/** Places that the runtime or the manifests mount something on; a read-only root cannot be given new ones. */
const MOUNT_POINTS = ['dev', 'proc', 'sys', 'run', 'host', 'etc/nodeprep', 'var/run/secrets/kubernetes.io'];

const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0:root:/:/nonexistent\n',
  'etc/group': 'root:x:0:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

/** What a tree came to. */
export interface ImageTree {
  readonly files: number;
  readonly bytes: number;
  /** Names of the Debian packages of which it has parts. */
  readonly packages: readonly string[];
}

/** Where the build leaves the executable of this machine. */
export const EXECUTABLE = join(DIST, NATIVE?.name ?? '', 'nodeprep');

/** Makes the tree anew in `root`; every file has the time `epochSeconds`. Throws when something is missing here. */
export function assembleTree(root: string, epochSeconds: number, executable = EXECUTABLE): ImageTree {
  const terms = TERMS.map((name) => join(dirname(executable), name));
  const missing = [executable, ...terms].find((path) => !existsSync(path));
  if (missing !== undefined) throw new Error(`There is no "${missing}": "npm run build" makes it`);
  rmSync(root, { recursive: true, force: true });
  for (const path of MOUNT_POINTS) mkdirSync(join(root, path), { recursive: true });
  mkdirSync(join(root, 'tmp'));
  // As every Debian since 2019 has it: the loader that programs name is in /lib or /lib64.
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(root, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, join(root, name));
  }
  install(root, executable, ENTRYPOINT, 0o755);
  for (const path of terms) install(root, path, `usr/share/doc/nodeprep/${basename(path)}`, 0o644);
  const parts = [...PROGRAMS, ...librariesOf([executable, ...PROGRAMS])];
  for (const path of parts) install(root, realpathSync(path), inUsr(path), 0o755);
  const packages = packagesOf(parts);
  for (const one of packages) describePackage(root, one);
  for (const [path, text] of Object.entries(FILES)) put(root, path, text);
  put(root, 'usr/lib/os-release', readFileSync('/usr/lib/os-release', 'utf8'));
  symlinkSync('../usr/lib/os-release', join(root, 'etc/os-release'));
  const sizes = settle(root, epochSeconds);
  return {
    files: sizes.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    packages: packages.map(({ name }) => name),
  };
}

function install(root: string, from: string, to: string, mode: number): void {
  const at = join(root, to);
  mkdirSync(dirname(at), { recursive: true });
  copyFileSync(from, at);
  chmodSync(at, mode);
}

function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** The loader names libraries below /lib, where on this machine a link leads to /usr/lib. */
function inUsr(path: string): string {
  return path.startsWith('/usr/') ? path : `/usr${path}`;
}

/** What vulnerability scanners read where there is no package manager, and what the licences ask for. */
function describePackage(root: string, one: DebianPackage): void {
  put(root, `var/lib/dpkg/status.d/${one.name}`, one.status);
  put(root, `usr/share/doc/${one.name}/copyright`, one.copyright);
}

/** Gives everything its mode and time, children before their directories; returns the sizes of the files. */
function settle(root: string, epochSeconds: number): number[] {
  const sizes: number[] = [];
  const visit = (path: string) => {
    const found = lstatSync(path);
    if (found.isDirectory()) {
      for (const name of readdirSync(path)) visit(join(path, name));
      chmodSync(path, path === join(root, 'tmp') ? 0o1777 : 0o755);
    } else if (found.isFile()) {
      chmodSync(path, (found.mode & 0o111) === 0 ? 0o644 : 0o755);
      sizes.push(found.size);
    }
    lutimesSync(path, epochSeconds, epochSeconds);
  };
  visit(root);
  return sizes;
}
