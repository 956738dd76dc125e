import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeSums } from '../../../scripts/build/archive.ts';
import { writeBundle } from '../../../scripts/build/bundle.ts';
import { TARGETS, targetsFrom } from '../../../scripts/build/target.ts';
import { VERSION } from '../../../src/app/version.ts';
import { nodeprep, startProgram, temporaryDirectory } from '../../support/nodeprep-process.ts';

const PROJECT = join(import.meta.dirname, '../../..');
const EXECUTABLE = join(PROJECT, 'dist/nodeprep');
if (!existsSync(EXECUTABLE)) console.warn('Left out: there is no dist/nodeprep; "npm run build" makes it');

const execute = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(EXECUTABLE, args, { encoding: 'utf8', env: { ...process.env, ...env } });

const QUIET = ['--metrics-port', '0'];
const isCaught = (pid: number | undefined, signal: NodeJS.Signals) =>
  isCaughtIn(readFileSync(`/proc/${pid}/status`, 'latin1'), signal);
const isCaughtIn = (status: string, signal: NodeJS.Signals) => {
  const caught = BigInt(`0x${/^SigCgt:\t([0-9a-f]+)$/m.exec(status)?.[1]}`);
  return ((caught >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
};

describe.runIf(existsSync(EXECUTABLE))('the executable', () => {
  test('is no older than its version', () => {
    expect(execute(['version'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(`^nodeprep ${VERSION} \\(commit ([0-9a-f]{12}|unknown)`),
    });
  });

  test('ignores NODE_OPTIONS, which would run foreign code as root', () => {
    const directory = temporaryDirectory();
    const evil = join(directory, 'evil.cjs');
    writeFileSync(evil, `require('node:fs').writeFileSync(${JSON.stringify(join(directory, 'ran'))}, '')`);

    expect(execute(['version'], { NODE_OPTIONS: `--require ${evil}` })).toMatchObject({ status: 0, stderr: '' });

    expect(existsSync(join(directory, 'ran'))).toBe(false);
  });

  test('has no debugger that a signal opens', async () => {
    const { child, stdout, stderr, finished } = startProgram(EXECUTABLE, [
      'run',
      '--root',
      temporaryDirectory(),
      ...QUIET,
    ]);
    await expect.poll(stdout).toContain('Condition changed');

    expect(isCaught(child.pid, 'SIGUSR1')).toBe(false);
    child.kill('SIGUSR1');
    child.kill('SIGTERM');

    expect(await finished).toMatchObject({ code: 0 });
    expect(stderr()).toBe('');
  });

  test.skipIf(spawnSync('prlimit', ['--version']).status !== 0)(
    'starts with the memory that a host of 512 MB commits when it never overcommits [needs prlimit]',
    () => {
      // Half of such a host is committed at most, and others want a part of it. The kernel counts the same for this limit.
      const limit = `--data=${64 << 20}`;
      const env = { ...process.env, MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '2' };
      const args = ['bootstrap', '--root', temporaryDirectory()];

      const result = spawnSync('prlimit', [limit, EXECUTABLE, ...args], { encoding: 'utf8', env, timeout: 30_000 });

      expect(result).toMatchObject({ status: 3, stderr: '' });
    },
  );

  test.each(['--inspect-brk', '--eval=1', '--require=/nothing.cjs'])(
    'takes %s for an unknown option of its own',
    (flag) => {
      expect(execute([flag, 'version'])).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('unknown option'),
      });
    },
  );

  test('reads a spec from standard input', () => {
    const spec = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec: { profile: kubeadm-worker }\n';
    const validate = (input: string) => spawnSync(EXECUTABLE, ['validate', '-f', '-'], { encoding: 'utf8', input });

    expect(validate(spec)).toMatchObject({ status: 0, stderr: '' });
    expect(validate(spec.replace('spec:', 'spce:'))).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/<stdin>.*spce/s),
    });
  });

  test('has the code of the cluster in it, and asks the API server', async () => {
    const root = temporaryDirectory();
    const kubeconfig = join(root, 'kubeconfig');
    const server = { name: 'one', cluster: { server: 'https://127.0.0.1:1' } };
    const context = { name: 'one', context: { cluster: 'one', user: 'one' } };
    const users = [{ name: 'one', user: { token: 'none' } }];
    writeFileSync(
      kubeconfig,
      JSON.stringify({ kind: 'Config', clusters: [server], users, contexts: [context], 'current-context': 'one' }),
    );

    const args = [
      'run',
      '--kube',
      '--kubeconfig',
      kubeconfig,
      '--node-name',
      'one',
      '--root',
      root,
      '--metrics-port',
      '0',
    ];
    const { stdout, stderr } = startProgram(EXECUTABLE, args);

    await expect.poll(() => stdout() + stderr()).toContain('is the API server running? (ECONNREFUSED)');
  });

  test('looks for its library beside itself', () => {
    const strings = readFileSync(EXECUTABLE).includes('$ORIGIN:/usr/local/lib/nodeprep/current:/usr/lib/nodeprep\0');

    expect(strings).toBe(true);
  });

  test('installs itself into an image as a program that starts there', () => {
    const root = temporaryDirectory();

    expect(execute(['install', '--root', root])).toMatchObject({ status: 0 });

    const installed = spawnSync(join(root, 'usr/local/bin/nodeprep'), ['version'], { encoding: 'utf8' });
    expect(installed.stdout).toMatch(`nodeprep ${VERSION} (`);
    expect(execute(['uninstall', '--purge', '--root', root]).status).toBe(0);
    expect(existsSync(join(root, 'usr/local/lib/nodeprep'))).toBe(false);
  });
});

describe('the sources', () => {
  test('have no debugger that a signal opens', () => {
    const look = "console.log(require('node:fs').readFileSync('/proc/self/status', 'latin1'))";
    const { stdout } = spawnSync('sh', [join(PROJECT, 'scripts/node26'), '--eval', look], { encoding: 'utf8' });

    expect(isCaughtIn(stdout, 'SIGUSR1')).toBe(false);
  });

  test('refuse to be installed, and say what to do instead', async () => {
    const result = await nodeprep(['install', '--root', temporaryDirectory()]);

    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/runs from its sources.*npm run build/s);
  });
});

describe('a bundle', () => {
  test.each(["import('node:stream/consumers')", 'import(process.argv[2])'])(
    'with %s is refused, because that would fail only in the executable',
    async (late) => {
      const directory = temporaryDirectory();
      writeFileSync(join(directory, 'main.mjs'), `void ${late};`);

      await expect(writeBundle(join(directory, 'main.mjs'), join(directory, 'out.cjs'))).rejects.toThrow(
        /import\(\) that cannot work in the executable/,
      );
    },
  );

  test('of the sources has nothing that would fail only in the executable', async () => {
    const outfile = join(temporaryDirectory(), 'nodeprep.cjs');

    expect((await writeBundle('src/main.ts', outfile)).bytes).toBeGreaterThan(100_000);
  });
});

test('only what is published is summed', async () => {
  const directory = temporaryDirectory();
  const archives = ['nodeprep-1.0.0-linux-x64.tar.gz', 'nodeprep-1.0.0-linux-x64.tar.xz'];
  const published = ['linux-x64/libatomic.so.1', 'linux-x64/nodeprep', 'nodeprep', ...archives];
  for (const name of [...published, 'image-root/usr/bin/nodeprep', 'linux-x64/LICENSE', 'nodeprep.cjs', 'SHA256SUMS']) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), '');
  }

  await writeSums(directory);

  const text = readFileSync(join(directory, 'SHA256SUMS'), 'utf8');
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => line.split('  ')[1]),
  ).toEqual(published);
});

describe('targets of a build', () => {
  test('are named one by one, by commas, or all', () => {
    expect(targetsFrom(['all'])).toEqual(TARGETS);
    expect(targetsFrom(['linux-arm64,linux-x64'])).toHaveLength(2);
    expect(targetsFrom(['linux-arm64'])).toMatchObject([{ debianArchitecture: 'arm64' }]);
  });

  test('that do not exist are refused with those that do', () => {
    expect(() => targetsFrom(['win32-x64'])).toThrow(/"win32-x64": expected all or one of linux-x64, linux-arm64/);
  });
});
