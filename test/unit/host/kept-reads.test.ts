/** What is kept of files between passes must never be older than the file. */
import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/host/host.ts';
import { createLinuxHost } from '../../../src/host/linux/linux-host.ts';
import { temporaryDirectory } from '../../support/hosts-alike.ts';
import { inNamespace, namespaceObstacle } from '../../support/namespace.ts';

let directory: string;
let host: Host;

beforeEach(() => {
  directory = temporaryDirectory();
  host = createLinuxHost();
  // Only what is some seconds old is kept.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Makes a change until stat(2) shows it: before Linux 6.13 the times of a file move with the ticks of the kernel. */
function untilItShows(path: string, change: () => void): void {
  const before = statSync(path).ctimeMs;
  do change();
  while (statSync(path).ctimeMs === before);
}

describe('what is kept of a file', () => {
  test('is not used when the file is written in place, with its size and its time of change as before', async () => {
    const path = `${directory}/a.conf`;
    writeFileSync(path, 'old');
    const { atime, mtime } = statSync(path);
    expect(await host.readFile(path)).toBe('old');

    untilItShows(path, () => {
      writeFileSync(path, 'new');
      utimesSync(path, atime, mtime);
    });

    expect(await host.readFile(path)).toBe('new');
    expect(await host.readFile(path, 'bytes')).toBe('new');
  });

  test('is not used when another file of the same size and time takes its place', async () => {
    const path = `${directory}/a.conf`;
    for (const [name, text] of Object.entries({ 'a.conf': 'old', 'b.conf': 'new' })) {
      writeFileSync(`${directory}/${name}`, text);
      utimesSync(`${directory}/${name}`, 1000, 1000);
    }
    expect(await host.readFile(path)).toBe('old');

    renameSync(`${directory}/b.conf`, path);

    expect(await host.readFile(path)).toBe('new');
  });

  test('is not used when a link leads elsewhere', async () => {
    writeFileSync(`${directory}/one`, 'one');
    writeFileSync(`${directory}/two`, 'two');
    symlinkSync('one', `${directory}/link`);
    expect(await host.readFile(`${directory}/link`)).toBe('one');

    symlinkSync('two', `${directory}/next`);
    renameSync(`${directory}/next`, `${directory}/link`);

    expect(await host.readFile(`${directory}/link`)).toBe('two');
  });

  test('is in the encoding that is asked for', async () => {
    writeFileSync(`${directory}/a.conf`, 'ä');

    expect(await host.readFile(`${directory}/a.conf`)).toBe('ä');
    expect(await host.readFile(`${directory}/a.conf`, 'bytes')).toBe('Ã¤');
    expect(await host.readFile(`${directory}/a.conf`)).toBe('ä');
  });

  test('is nothing when a link leads to a kernel file, whose times stand still', async () => {
    symlinkSync('/proc/uptime', `${directory}/link`);

    const before = await host.readFile(`${directory}/link`);

    await vi.waitFor(async () => expect(await host.readFile(`${directory}/link`)).not.toBe(before));
  });
});

test('names of a directory are the same list until one comes or goes', async () => {
  mkdirSync(`${directory}/d`);
  writeFileSync(`${directory}/d/one`, '');
  const before = await host.listDirectory(`${directory}/d`);
  expect(await host.listDirectory(`${directory}/d`)).toBe(before);

  untilItShows(`${directory}/d`, () => {
    rmSync(`${directory}/d/two`, { force: true });
    writeFileSync(`${directory}/d/two`, '');
  });

  expect(await host.listDirectory(`${directory}/d`)).toEqual(['one', 'two']);
});

test('names of a directory that has just changed are listed anew', async () => {
  vi.setSystemTime(statSync(directory).ctimeMs);
  const before = await host.listDirectory(directory);

  expect(await host.listDirectory(directory)).toEqual(before);
  expect(await host.listDirectory(directory)).not.toBe(before);
});

describe('a sysctl that is kept open', { timeout: 30_000 }, () => {
  const obstacle = namespaceObstacle('net');

  test.skipIf(obstacle !== undefined)('tells what it holds now', async () => {
    const read = await inNamespace(
      'net',
      '',
      `import { writeFileSync } from 'node:fs';
       const host = createLinuxHost();
       const path = '/proc/sys/net/ipv4/ip_forward';
       const read = [];
       for (const value of ['0', '1', '0']) {
         writeFileSync(path, value);
         read.push(await host.readFile(path));
       }
       console.log(JSON.stringify(read));`,
    );
    expect(read).toEqual(['0\n', '1\n', '0\n']);
  });

  test.skipIf(obstacle !== undefined)('is absent with its device, and read anew when the device is back', async () => {
    const read = await inNamespace(
      'net',
      '',
      `import { execFileSync } from 'node:child_process';
       import { writeFileSync } from 'node:fs';
       const host = createLinuxHost();
       const path = '/proc/sys/net/ipv4/conf/veth9/arp_ignore';
       const read = [];
       const look = async () => read.push((await host.readFile(path)) ?? 'absent');
       const add = () => execFileSync('ip', ['link', 'add', 'veth9', 'type', 'veth', 'peer', 'name', 'veth8']);
       add();
       await look();
       execFileSync('ip', ['link', 'del', 'veth9']);
       await look();
       add();
       writeFileSync(path, '2');
       await look();
       console.log(JSON.stringify(read));`,
    );
    expect(read).toEqual(['0\n', 'absent', '2\n']);
  });

  test.skipIf(obstacle !== undefined)('is read whole when it is long, also after it was short', async () => {
    const read = await inNamespace(
      'net',
      '',
      `import { writeFileSync } from 'node:fs';
       const host = createLinuxHost();
       const path = '/proc/sys/net/ipv4/ip_local_reserved_ports';
       const read = [];
       for (const count of [1, 200, 20000]) {
         writeFileSync(path, Array.from({ length: count }, (_, at) => 2 * at + 1).join(','));
         read.push((await host.readFile(path)).split(',').length);
       }
       console.log(JSON.stringify(read));`,
    );
    expect(read).toEqual([1, 200, 20000]);
  });
});
