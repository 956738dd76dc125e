/** A directory host that a hostile user prepared: nothing outside of it is read or written. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../../../src/host/host.ts';
import { createLinuxHost } from '../../../src/host/linux/linux-host.ts';
import { temporaryDirectory } from '../../support/hosts-alike.ts';

/** Makes `d` a link to the outside, whatever we make of it, and nothing again, as fast as it can. */
const swapForEver = `
  const { renameSync, symlinkSync, unlinkSync } = require('node:fs');
  const [directory, outside] = process.argv.slice(1);
  const attempt = (change, ...paths) => { try { change(...paths); } catch {} };
  process.stdout.write('ready');
  for (let round = 0; ; round += 1) {
    attempt(renameSync, directory + '/d', directory + '/was-' + round);
    attempt(symlinkSync, outside, directory + '/d');
    attempt(unlinkSync, directory + '/d');
  }
`;

let outside: string;
let root: string;
let host: Host;

beforeEach(() => {
  const directory = temporaryDirectory();
  outside = `${directory}/outside`;
  root = `${directory}/root`;
  mkdirSync(`${outside}/d`, { recursive: true });
  mkdirSync(`${root}/etc`, { recursive: true });
  writeFileSync(`${outside}/secret`, 'secret');
  host = createLinuxHost({ root });
});

const untouched = () => ({
  names: readdirSync(outside).toSorted(),
  below: readdirSync(`${outside}/d`),
  secret: readFileSync(`${outside}/secret`, 'utf8'),
});

describe('a link that leads out', () => {
  const links = [
    ['an absolute link', () => `${outside}/secret`],
    ['a relative link', () => '../../outside/secret'],
    ['a relative link that climbs above / of the machine', () => `${'../'.repeat(30)}${outside}/secret`],
    ['an absolute link that climbs back', () => `${root}/../outside/secret`],
  ] as const;

  test.each(links)('is refused for reading: %s', async (_, target) => {
    symlinkSync(target(), `${root}/etc/l`);

    await expect(host.readFile('/etc/l')).rejects.toMatchObject({ name: 'HostFileError', code: 'EXDEV' });
    await expect(host.realPath('/etc/l')).rejects.toMatchObject({ code: 'EXDEV' });
    await expect(host.listDirectory('/etc/l')).rejects.toMatchObject({ code: 'EXDEV' });
    expect(await host.readLink('/etc/l')).toBe(target());
    expect(await host.stat('/etc/l')).toMatchObject({ type: 'link' });
  });

  test('is named with its target in the message', async () => {
    symlinkSync(`${outside}/secret`, `${root}/etc/l`);

    await expect(host.readFile('/etc/l')).rejects.toThrow(
      `Cannot read "${root}/etc/l": the link "/etc/l" -> "${outside}/secret" leads out of "${root}"`,
    );
  });

  test.each(links)('is refused for writing: %s', async (_, target) => {
    symlinkSync(target(), `${root}/etc/l`);
    const before = untouched();

    await expect(host.writeFile('/etc/l', 'x')).rejects.toMatchObject({ code: 'ELOOP' });

    expect(untouched()).toEqual(before);
  });

  test.each([
    ['absolute', () => `${outside}/d`],
    ['relative', () => '../outside/d'],
  ])('is refused as a parent directory: %s', async (_, target) => {
    symlinkSync(target(), `${root}/var`);
    const before = untouched();

    await expect(host.writeFile('/var/f', 'x')).rejects.toMatchObject({ code: 'EXDEV' });
    await expect(host.writeFile('/var/new/f', 'x')).rejects.toMatchObject({ code: 'EXDEV' });
    await expect(host.makeLink('/var/l', 'x')).rejects.toMatchObject({ code: 'EXDEV' });
    await expect(host.removeFile('/var/f')).rejects.toMatchObject({ code: 'EXDEV' });
    await expect(host.removeDirectory('/var/d')).rejects.toMatchObject({ code: 'EXDEV' });
    await expect(host.readFile('/var/f')).rejects.toMatchObject({ code: 'EXDEV' });
    await expect(host.stat('/var/f')).rejects.toMatchObject({ code: 'EXDEV' });

    expect(untouched()).toEqual(before);
  });

  test('is refused through a chain of links that each look harmless', async () => {
    symlinkSync('b', `${root}/a`);
    symlinkSync('etc/c', `${root}/b`);
    symlinkSync('../../outside', `${root}/etc/c`);

    await expect(host.readFile('/a/secret')).rejects.toMatchObject({ code: 'EXDEV' });
  });

  test('never hides in the path itself: /.. is / of the host', async () => {
    writeFileSync(`${root}/etc/f`, 'inside');

    expect(await host.readFile('/../../../etc/f')).toBe('inside');
    expect(await host.readFile('/../outside/secret')).toBeUndefined();
    await host.writeFile('/../outside/secret', 'mine');

    expect(readFileSync(`${outside}/secret`, 'utf8')).toBe('secret');
    expect(readFileSync(`${root}/outside/secret`, 'utf8')).toBe('mine');
  });
});

describe('an absolute link of an image', () => {
  test('is read below the directory, as it will be when the image boots', async () => {
    mkdirSync(`${root}/run/lock`, { recursive: true });
    mkdirSync(`${root}/var`);
    writeFileSync(`${root}/run/lock/f`, 'image');
    symlinkSync('/run', `${root}/var/run`);
    symlinkSync('/run/lock/f', `${root}/etc/f`);

    expect(await host.readFile('/etc/f')).toBe('image');
    expect(await host.readFile('/var/run/lock/f')).toBe('image');
    expect(await host.realPath('/var/run/lock')).toBe('/run/lock');
  });

  test('is not written through, since this machine would take it from its own root', async () => {
    mkdirSync(`${root}/run`);
    symlinkSync('/run', `${root}/etc/run`);

    await expect(host.writeFile('/etc/run/f', 'x')).rejects.toMatchObject({ code: 'EXDEV' });

    expect(readdirSync(`${root}/run`)).toEqual([]);
  });

  test('may name the directory by its full path', async () => {
    writeFileSync(`${root}/etc/f`, 'inside');
    symlinkSync(`${root}/etc/f`, `${root}/etc/l`);
    symlinkSync(`${root}/etc/none`, `${root}/etc/dangling`);

    expect(await host.readFile('/etc/l')).toBe('inside');
    expect(await host.readFile('/etc/dangling')).toBeUndefined();
  });

  test('to a directory beside it with the same beginning leads out', async () => {
    mkdirSync(`${root}-other`);
    writeFileSync(`${root}-other/f`, 'other');
    symlinkSync(`${root}-other/f`, `${root}/etc/l`);

    await expect(host.readFile('/etc/l')).rejects.toMatchObject({ code: 'EXDEV' });
  });
});

describe('what is swapped while we work', { timeout: 30_000 }, () => {
  test('a directory that becomes a link between two calls is looked at anew', async () => {
    await host.writeFile('/etc/sysctl.d/f', 'one');
    renameSync(`${root}/etc/sysctl.d`, `${root}/etc/old`);
    symlinkSync(`${outside}/d`, `${root}/etc/sysctl.d`);

    await expect(host.writeFile('/etc/sysctl.d/f', 'two')).rejects.toMatchObject({ code: 'EXDEV' });

    expect(untouched().below).toEqual([]);
    expect(readFileSync(`${root}/etc/old/f`, 'utf8')).toBe('one');
  });

  test('the temporary name prepared as a link is removed and not written through', async () => {
    symlinkSync(`${outside}/secret`, `${root}/etc/.f.nodeprep.tmp`);

    await host.writeFile('/etc/f', 'mine');

    expect(untouched().secret).toBe('secret');
    expect(lstatSync(`${root}/etc/f`).isFile()).toBe(true);
  });

  test('a race of another process against our writes never writes outside', async () => {
    const before = untouched();
    const swapping = spawn(process.execPath, ['-e', swapForEver, `${root}/etc`, `${outside}/d`], { stdio: 'pipe' });
    await once(swapping.stdout, 'data');

    const outcomes = { written: 0, refused: 0 };
    const raced = () => outcomes.written > 0 && outcomes.refused > 0;
    const begin = performance.now();
    for (let ms = 0; ms < 1000 || (!raced() && ms < 4000); ms = performance.now() - begin) {
      const done = host.writeFile('/etc/d/f', 'mine').then(() => host.readFile('/etc/d/f'));
      await done.then(
        () => (outcomes.written += 1),
        () => (outcomes.refused += 1),
      );
    }
    swapping.kill('SIGKILL');
    await once(swapping, 'exit');

    expect(untouched()).toEqual(before);
    // Otherwise there was no race and nothing was shown.
    expect(raced()).toBe(true);
  });
});

describe('the directory itself', () => {
  test('must exist and be a directory', () => {
    writeFileSync(`${root}/file`, '');

    expect(() => createLinuxHost({ root: `${root}/none` })).toThrow(
      /Cannot use as the root of a host ".*none": no such/,
    );
    expect(() => createLinuxHost({ root: `${root}/file` })).toThrow(/it is not a directory/);
  });

  test('may be named by a link, also with dots behind the link', async () => {
    writeFileSync(`${root}/etc/f`, 'inside');
    symlinkSync(root, `${outside}/alias`);

    expect(await createLinuxHost({ root: `${outside}/alias/../root` }).readFile('/etc/f')).toBe('inside');
  });

  test('is this machine when it is another name of /', () => {
    expect(createLinuxHost({ root: '/usr/..' }).kernel).toBe('running');
    expect(createLinuxHost().kernel).toBe('running');
  });

  test.each(['proc/sys/kernel', 'sys/module/overlay'])('is a captured host when %s is there', (path) => {
    mkdirSync(`${root}/${path}`, { recursive: true });

    expect(createLinuxHost({ root }).kernel).toBe('captured');
  });

  test('is an image when its /proc and /sys are the empty mount points of an image', () => {
    mkdirSync(`${root}/proc/sys`, { recursive: true });
    mkdirSync(`${root}/sys`);
    writeFileSync(`${root}/proc/swaps`, '');

    expect(createLinuxHost({ root }).kernel).toBe('absent');
  });
});
