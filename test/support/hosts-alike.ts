/** Both kinds of host with the same files, for the suites that hold them to the same behaviour. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import { HostFileError } from '../../src/host/errors.ts';
import type { Host } from '../../src/host/host.ts';
import { createLinuxHost } from '../../src/host/linux/linux-host.ts';
import { type MemoryFiles, MemoryHost } from '../../src/host/memory/memory-host.ts';
import { createParsed } from '../../src/host/parsed.ts';

const temporary: string[] = [];

afterEach(() => {
  for (const directory of temporary.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A new directory that is removed after the test. */
export function temporaryDirectory(): string {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'nodeprep-test-'));
  temporary.push(root);
  return root;
}

/** Puts files below a directory as `MemoryHost` takes them. */
export function fill(root: string, files: MemoryFiles): void {
  for (const [path, file] of Object.entries(files)) {
    mkdirSync(file === null ? root + path : dirname(root + path), { recursive: true });
    if (typeof file === 'string') {
      writeFileSync(root + path, file);
      chmodSync(root + path, 0o644);
    } else if (file === null) chmodSync(root + path, 0o755);
    else symlinkSync(file.link, root + path);
  }
}

function directoryHost(files: MemoryFiles): Host {
  const root = temporaryDirectory();
  fill(root, files);
  return createLinuxHost({ root });
}

/** The host `/` seen from a directory: the paths of the test are below it, and so are its absolute links. */
function wholeHost(files: MemoryFiles): Host {
  const root = temporaryDirectory();
  const inside = (path: string) => (path.startsWith('/') && path !== '/dev/null' ? root + path : path);
  const outside = (path: string | undefined) => (path?.startsWith(root) ? path.slice(root.length) || '/' : path);
  const moved = Object.entries(files).map(
    ([path, file]) => [path, file !== null && typeof file === 'object' ? { link: inside(file.link) } : file] as const,
  );
  fill(root, Object.fromEntries(moved));
  const host = createLinuxHost();
  const told = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (!(error instanceof HostFileError)) throw error;
      throw new HostFileError('use', outside(error.path) ?? '', error.code, error.message);
    }
  };
  const readFile: Host['readFile'] = (path, encoding) => told(host.readFile(inside(path), encoding));
  return {
    ...host,
    readFile,
    parsed: createParsed(readFile),
    sumOf: (path) => told(host.sumOf(inside(path))),
    freeBytes: (path) => told(host.freeBytes(inside(path))),
    listDirectory: (path) => told(host.listDirectory(inside(path))),
    stat: (path) => told(host.stat(inside(path))),
    readLink: async (path) => outside(await told(host.readLink(inside(path)))),
    realPath: async (path) => outside(await told(host.realPath(inside(path)))),
    writeFile: (path, contents, options) => told(host.writeFile(inside(path), contents, options)),
    installFile: (path, contents, mode) => told(host.installFile(inside(path), contents, mode)),
    removeFile: (path) => told(host.removeFile(inside(path))),
    removeDirectory: (path) => told(host.removeDirectory(inside(path))),
    makeLink: (path, target) => told(host.makeLink(inside(path), inside(target))),
  };
}

const memoryHost = (files: MemoryFiles): Host =>
  new MemoryHost(files, { kernel: '/proc/modules' in files ? 'captured' : 'absent' });

/** The hosts without a running kernel, each made from files. */
export const directoryHosts = [
  { name: 'MemoryHost', create: memoryHost },
  { name: 'LinuxHost of a directory', create: directoryHost },
] as const;

/** Every kind of host, each made from files. */
export const hosts = [...directoryHosts, { name: 'LinuxHost of /', create: wholeHost }] as const;
