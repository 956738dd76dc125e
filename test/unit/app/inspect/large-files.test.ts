/** Files with far too much in them, as a log that is copied to the wrong place or a list that a script made. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { copyOfHost, nodeprep } from '../../../support/nodeprep-process.ts';

vi.setConfig({ testTimeout: 120_000 });

const SIZE = 4 * 1024 * 1024;
/** The heap of the executable. */
const HEAP = { NODE_OPTIONS: '--max-old-space-size=64 --max-semi-space-size=1' };

function hostWith(files: Readonly<Record<string, string>>): string {
  const root = copyOfHost('debian-12');
  for (const [path, line] of Object.entries(files)) {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, line.repeat(SIZE / line.length));
  }
  return root;
}

async function planOf(root: string) {
  const { code, stdout, stderr } = await nodeprep(['plan', '--root', root], { env: HEAP });
  expect(stderr).not.toContain('heap');
  return { code, said: (stdout + stderr).replaceAll(/\s+/g, ' ') };
}

describe('four megabytes of short lines', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    [
      'settings',
      {
        '/etc/sysctl.d/50-list.conf': 'a=1\n',
        '/etc/sysctl.conf': 'a=1\r',
        '/etc/modprobe.d/list.conf': 'options a b\n',
        '/etc/modules-load.d/list.conf': 'a\n',
        '/etc/fstab': 'a b swap\n',
      },
    ],
    ['lists of the kernel', { '/proc/meminfo': 'a\n', '/proc/modules': 'a 1\n' }],
    ['the list of swap', { '/proc/swaps': '/a f 1 1 1\n' }],
    ['the command line', { '/proc/cmdline': 'a ', '/usr/lib/systemd/zram-generator.conf': '[zram1]\n' }],
  ])('in %s end nothing, and each file is named', async (_, files) => {
    const root = hostWith(files);
    const { code, said } = await planOf(root);

    expect(code).toBe(2);
    for (const path of Object.keys(files)) expect(said).toContain(`"${root}${path}": it has more than 2 MiB`);
  });

  it('end nothing in many files, the last of which is named', async () => {
    const root = copyOfHost('debian-12');
    for (const directory of ['sysctl.d', 'modprobe.d', 'modules-load.d']) {
      mkdirSync(`${root}/etc/${directory}`, { recursive: true });
      for (let n = 10; n < 60; n += 1) writeFileSync(`${root}/etc/${directory}/${n}-list.conf`, 'a=1\n'.repeat(9000));
    }

    const { code, said } = await planOf(root);

    expect(code).toBe(2);
    expect(said).toContain('the files before it have more than 20000 lines');
    expect(said).toContain('the files of modprobe.d are larger than 256 KiB');
    expect(said).toContain('the files of modules-load.d are larger than 256 KiB');
  });

  it.each<[string, number, string, string]>([
    ['of comments', 12, `#${'x'.repeat(999)}\n`.repeat(1000), 'the files before it have more than 8 MiB'],
    ['of one line', 2100, 'a=1\n', 'the files before it are 2000 already'],
  ])('end nothing in many files %s', async (_, count, text, why) => {
    const root = copyOfHost('debian-12');
    mkdirSync(`${root}/etc/sysctl.d`, { recursive: true });
    for (let n = 0; n < count; n += 1) writeFileSync(`${root}/etc/sysctl.d/${n}-many.conf`, text);

    expect((await planOf(root)).said).toContain(`${why}, so it is not read, nor what follows`);
  });

  it.each<[string, number, number]>([
    ['256 files', 257, 10],
    ['1024 KiB', 30, 40_000],
  ])('in a spec of more than %s are refused as a whole', async (most, count, size) => {
    const root = hostWith({});
    mkdirSync(`${root}/etc/nodeprep/nodeprep.d`, { recursive: true });
    const text = `apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec: {}\n${`#${'x'.repeat(98)}\n`.repeat(size / 100)}`;
    for (let n = 0; n < count; n += 1) writeFileSync(`${root}/etc/nodeprep/nodeprep.d/${n}.yaml`, text);

    const { code, said } = await planOf(root);

    expect(code).toBe(1);
    expect(said).toContain(`it holds more than ${most}`);
  });

  it('of swap are not masked one by one', async () => {
    const root = hostWith({});
    writeFileSync(`${root}/etc/fstab`, Array.from({ length: 9000 }, (_, at) => `/dev/x${at} none swap\n`).join(''));

    expect((await planOf(root)).said).toContain('/etc/fstab has 9000 swap lines');
  });
});

describe('a spec that is all brackets', () => {
  it.each([
    ['{},', 26_000],
    ['a, ', 300_000],
  ])('of %j is refused and ends nothing', async (piece, count) => {
    const stdin = `a: [${piece.repeat(count)}]\n`;

    const { code, stdout, stderr } = await nodeprep(['validate', '--file', '-'], { stdin, env: HEAP });

    expect(stderr).toBe('');
    expect(code).toBe(1);
    expect(stdout).toContain('problem');
  });
});
