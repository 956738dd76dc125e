import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DIST, VERSION } from '../../../scripts/build/paths.ts';
import { NATIVE } from '../../../scripts/build/target.ts';
import { assembleTree, type ImageTree } from '../../../scripts/image/tree.ts';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

const EXECUTABLE = join(DIST, NATIVE?.name ?? '', 'nodeprep');

function obstacle(): string | undefined {
  if (!existsSync(EXECUTABLE)) return 'there is no executable; "npm run build" makes it';
  if (!existsSync('/usr/bin/nsenter')) return 'this machine has no nsenter; it comes with util-linux';
  if (spawnSync('dpkg-query', ['--version']).status !== 0) return 'the image is made from the packages of a Debian';
  if (process.getuid?.() !== 0) return 'only root can start a program in a root of its own';
  return undefined;
}
const reason = obstacle();
if (reason !== undefined) console.warn(`Left out: ${reason}`);

/** Every path in the tree, once: `readdir` also goes through links such as /lib. */
function pathsIn(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^(bin|sbin|lib|lib64)\//.test(path))
    .toSorted();
}

/** One line for each entry: everything of it that an image layer would keep. */
function listing(root: string): readonly string[] {
  return pathsIn(root).map((path) => {
    const at = join(root, path);
    const { mode, mtimeMs, uid, gid } = lstatSync(at);
    const type = mode & 0o170000;
    const contents = type === 0o120000 ? readlinkSync(at) : type === 0o100000 ? sum(at) : '';
    return [path, mode.toString(8), mtimeMs, uid, gid, contents].join(' ');
  });
}

function sum(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

describe.runIf(reason === undefined)('the root tree of the image', () => {
  let root = '';
  let tree: ImageTree;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'nodeprep-image-'));
    tree = assembleTree(root, 1_700_000_000);
    console.log(`the image's root: ${tree.files} files, ${(tree.bytes / 1e6).toFixed(1)} MB`);
  }, 60_000);

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** Runs a program in the tree as the DaemonSet does: nothing in it can be written. */
  const inTree = (...command: readonly string[]) =>
    spawnSync(
      'unshare',
      [
        '--mount',
        'sh',
        '-c',
        'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec chroot "$0" "$@"',
        root,
        ...command,
      ],
      { encoding: 'utf8' },
    );

  test('runs the executable although it is read-only and has nothing mounted', () => {
    expect(inTree('/usr/local/bin/nodeprep', 'version')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(`^nodeprep ${VERSION} \\(`),
      stderr: '',
    });
  });

  test('has the program that enters the namespaces of the host', () => {
    expect(inTree('/usr/bin/nsenter', '--version')).toMatchObject({ status: 0, stderr: '' });
  });

  test.each(['sh', 'bash', 'dash', 'busybox', 'apt-get', 'dpkg', 'node', 'npm', 'perl', 'python3'])(
    'has no %s',
    (name) => {
      const found = pathsIn(root).filter((path) => basename(path) === name);

      // The directory of dpkg's database is what scanners read.
      expect(found.filter((path) => !lstatSync(join(root, path)).isDirectory())).toEqual([]);
      expect(inTree(name).status).toBe(127);
    },
  );

  test('has two programs, and libraries', () => {
    const executables = pathsIn(root)
      .filter((path) => lstatSync(join(root, path)).isFile() && (lstatSync(join(root, path)).mode & 0o111) !== 0)
      .filter((path) => !/^usr\/lib(64)?\/.*\.so[.\d]*$/.test(path));

    expect(executables.toSorted()).toEqual(['usr/bin/nsenter', 'usr/local/bin/nodeprep']);
  });

  test('has nothing that changes its user, and nothing that others may write but /tmp', () => {
    const entries = pathsIn(root).map((path) => ({
      path,
      mode: lstatSync(join(root, path)).mode,
    }));

    expect(entries.filter(({ mode }) => (mode & 0o6000) !== 0)).toEqual([]);
    const writable = entries.filter(({ mode }) => (mode & 0o022) !== 0 && (mode & 0o170000) !== 0o120000);
    expect(writable.map(({ path }) => path)).toEqual(['tmp']);
  });

  test('names the packages that it has parts of, with their licences, for scanners and lawyers', () => {
    for (const name of tree.packages) {
      expect(readFileSync(join(root, 'var/lib/dpkg/status.d', name), 'utf8')).toMatch(/^Version: /m);
      expect(readFileSync(join(root, 'usr/share/doc', name, 'copyright'), 'utf8')).not.toBe('');
    }
    expect(readFileSync(join(root, 'usr/share/doc/nodeprep/LICENSE'), 'utf8')).toContain('Apache License');
    expect(readFileSync(join(root, 'usr/share/doc/nodeprep/THIRD-PARTY-NOTICES'), 'utf8')).toMatch(/^zod \d/m);
    expect(tree.packages).toEqual(expect.arrayContaining(['libatomic1', 'libc6', 'libstdc++6', 'util-linux']));
  });

  test('is little more than the executable', () => {
    expect(tree.bytes - lstatSync(EXECUTABLE).size).toBeLessThan(8e6);
  });

  test('is the same when it is assembled again', { timeout: 60_000 }, () => {
    const again = join(temporaryDirectory(), 'root');

    assembleTree(again, 1_700_000_000);

    expect(listing(again)).toEqual(listing(root));
  });
});
