/** Changes on the host are told, whether the kernel raises an event for them or not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { HostWatcher, PathHint } from '../../../../src/host/host.ts';
import { createHostWatcher } from '../../../../src/host/watch/watcher.ts';
import { temporaryDirectory } from '../../../support/hosts-alike.ts';
import { inNamespace, namespaceObstacle } from '../../../support/namespace.ts';

let root: string;
let watcher: HostWatcher;
let told: string[];
const onHint = (path: string, source: 'event' | 'poll') => told.push(`${source} ${path}`);
const hints = (by: PathHint['by'], ...paths: readonly string[]): readonly PathHint[] =>
  paths.map((path) => ({ path, by }));

beforeEach(() => {
  root = temporaryDirectory();
  told = [];
  mkdirSync(`${root}/etc/sysctl.d`, { recursive: true });
  writeFileSync(`${root}/etc/fstab`, 'one');
});

afterEach(async () => {
  await watcher.close();
  vi.useRealTimers();
});

function replace(path: string, text: string): void {
  writeFileSync(`${root}/new`, text);
  renameSync(`${root}/new`, root + path);
}

describe('by events', { timeout: 90_000 }, () => {
  /** Waits for a hint; the next change must be told anew. */
  const nextHint = async () => {
    await vi.waitUntil(() => told.length > 0, { timeout: 30_000 });
    return told.splice(0).at(-1);
  };

  beforeEach(() => {
    watcher = createHostWatcher({ root, debounceMs: 5 });
  });

  test('a file that is written and replaced by rename, again and again, is told each time', async () => {
    await watcher.watch(hints('event', '/etc/fstab'), onHint);

    for (const text of ['two', 'three', 'four']) {
      replace('/etc/fstab', text);
      expect(await nextHint()).toBe('event /etc/fstab');
      writeFileSync(`${root}/etc/fstab`, `${text} more`);
      expect(await nextHint()).toBe('event /etc/fstab');
    }
    rmSync(`${root}/etc/fstab`);
    expect(await nextHint()).toBe('event /etc/fstab');
    writeFileSync(`${root}/etc/fstab`, 'back');
    expect(await nextHint()).toBe('event /etc/fstab');
  });

  test('a file is told that appears with the directories above it, and again when all of that is remade', async () => {
    const path = '/var/lib/deep/down/file';
    await watcher.watch(hints('event', path), onHint);

    for (const round of ['one', 'two']) {
      mkdirSync(`${root}/var/lib/deep/down`, { recursive: true });
      writeFileSync(root + path, round);
      expect(await nextHint()).toBe(`event ${path}`);
      writeFileSync(root + path, `${round} more`);
      expect(await nextHint()).toBe(`event ${path}`);
      rmSync(`${root}/var`, { recursive: true });
      expect(await nextHint()).toBe(`event ${path}`);
    }
  });

  test('a directory is told for whatever is added, changed and removed in it', async () => {
    await watcher.watch(hints('event', '/etc/sysctl.d'), onHint);

    writeFileSync(`${root}/etc/sysctl.d/a.conf`, '1');
    expect(await nextHint()).toBe('event /etc/sysctl.d');
    replace('/etc/sysctl.d/a.conf', '2');
    expect(await nextHint()).toBe('event /etc/sysctl.d');
    symlinkSync('/dev/null', `${root}/etc/sysctl.d/mask.conf`);
    expect(await nextHint()).toBe('event /etc/sysctl.d');
    symlinkSync('nowhere', `${root}/etc/sysctl.d/dangling.conf`);
    expect(await nextHint()).toBe('event /etc/sysctl.d');
    rmSync(`${root}/etc/sysctl.d/a.conf`);
    expect(await nextHint()).toBe('event /etc/sysctl.d');
  });

  test('a directory that is missing, made, moved away and made again stays watched', async () => {
    await watcher.watch(hints('event', '/etc/modules-load.d'), onHint);

    for (const round of ['one', 'two']) {
      mkdirSync(`${root}/etc/modules-load.d`);
      expect(await nextHint()).toBe('event /etc/modules-load.d');
      writeFileSync(`${root}/etc/modules-load.d/x.conf`, round);
      expect(await nextHint()).toBe('event /etc/modules-load.d');
      renameSync(`${root}/etc/modules-load.d`, `${root}/etc/${round}`);
      expect(await nextHint()).toBe('event /etc/modules-load.d');
    }
  });

  test('a file behind links is told when it changes and when a link on the way does, as a ConfigMap is updated', async () => {
    for (const version of ['1', '2', '3']) {
      mkdirSync(`${root}/cm/..${version}`, { recursive: true });
      writeFileSync(`${root}/cm/..${version}/spec.yaml`, version);
    }
    symlinkSync('..1', `${root}/cm/..data`);
    symlinkSync('..data/spec.yaml', `${root}/cm/spec.yaml`);
    await watcher.watch(hints('event', '/cm/spec.yaml'), onHint);

    for (const version of ['2', '3']) {
      symlinkSync(`..${version}`, `${root}/cm/..tmp`);
      renameSync(`${root}/cm/..tmp`, `${root}/cm/..data`);
      expect(await nextHint()).toBe('event /cm/spec.yaml');
      writeFileSync(`${root}/cm/..${version}/spec.yaml`, `${version} in place`);
      expect(await nextHint()).toBe('event /cm/spec.yaml');
    }
  });

  test('a burst is told at its start and its end, and what is not watched is not told', async () => {
    watcher = createHostWatcher({ root, debounceMs: 200 });
    await watcher.watch(hints('event', '/etc/fstab', '/etc/last'), onHint);

    for (let count = 0; count < 50; count += 1) writeFileSync(`${root}/etc/fstab`, String(count));
    writeFileSync(`${root}/etc/other`, 'x');
    writeFileSync(`${root}/etc/fstab.bak`, 'x');

    await expect.poll(() => told).toContain('event /etc/fstab');
    writeFileSync(`${root}/etc/last`, 'x');

    // However busy the machine is: events come in order, so all of the burst has been told by then.
    await expect.poll(() => told).toContain('event /etc/last');
    expect(new Set(told)).toEqual(new Set(['event /etc/fstab', 'event /etc/last']));
    expect(told.filter((hint) => hint === 'event /etc/fstab').length).toBeLessThanOrEqual(3);
  });

  test('a new list replaces the old one and the old callback', async () => {
    const old: string[] = [];
    await watcher.watch(hints('event', '/etc/fstab'), (path) => old.push(path));
    await watcher.watch(hints('event', '/etc/sysctl.d'), onHint);

    replace('/etc/fstab', 'x');
    writeFileSync(`${root}/etc/sysctl.d/a`, '');

    await expect.poll(() => told).toContain('event /etc/sysctl.d');
    expect(new Set(told)).toEqual(new Set(['event /etc/sysctl.d']));
    expect(old).toEqual([]);
  });

  test('nothing is told after close, and closing in the middle of watching is fine', async () => {
    const watching = watcher.watch(hints('event', '/etc/fstab'), onHint);
    await watcher.close();
    await watching;

    const other = createHostWatcher({ root, debounceMs: 1 });
    await other.watch(hints('event', '/etc/fstab', '/etc/sysctl.d'), () => undefined);
    expect(inotifyWatches()).toBeGreaterThan(0);
    replace('/etc/fstab', 'x');
    await other.close();

    await expect.poll(inotifyWatches).toBe(0);
    expect(told).toEqual([]);
  });

  test('an environment variable of chokidar cannot turn on polling', async () => {
    vi.stubEnv('CHOKIDAR_USEPOLLING', '1');
    watcher = createHostWatcher({ root, debounceMs: 1 });

    await watcher.watch(hints('event', '/etc/fstab'), onHint);

    expect(process.getActiveResourcesInfo()).not.toContain('StatWatcher');
    expect(process.env['CHOKIDAR_USEPOLLING']).toBeUndefined();
  });
});

describe('by polls', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    watcher = createHostWatcher({ root });
  });

  test('a change is told at the next second, and once', async () => {
    await watcher.watch(hints('poll', '/etc/fstab', '/etc/none'), onHint);
    vi.advanceTimersByTime(5000);
    expect(told).toEqual([]);

    writeFileSync(`${root}/etc/fstab`, 'changed');
    vi.advanceTimersByTime(999);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(5000);

    expect(told).toEqual(['poll /etc/fstab']);
  });

  test('what appears, vanishes and appears again is told each time', async () => {
    await watcher.watch(hints('poll', '/sys/module/overlay'), onHint);

    mkdirSync(`${root}/sys/module/overlay`, { recursive: true });
    vi.advanceTimersByTime(1000);
    rmSync(`${root}/sys`, { recursive: true });
    vi.advanceTimersByTime(1000);
    writeFileSync(`${root}/sys`, 'not even a directory');
    vi.advanceTimersByTime(1000);
    rmSync(`${root}/sys`);
    mkdirSync(`${root}/sys/module/overlay`, { recursive: true });
    vi.advanceTimersByTime(1000);

    expect(told).toEqual(Array.from({ length: 3 }, () => 'poll /sys/module/overlay'));
  });

  test('a new list does not lose a change of what is in both', async () => {
    await watcher.watch(hints('poll', '/etc/fstab'), onHint);

    writeFileSync(`${root}/etc/fstab`, 'changed');
    await watcher.watch(hints('poll', '/etc/fstab', '/etc/none'), onHint);
    vi.advanceTimersByTime(1000);

    expect(told).toEqual(['poll /etc/fstab']);
  });

  test('there is one timer for all paths and none for no path', async () => {
    expect(vi.getTimerCount()).toBe(0);
    await watcher.watch(hints('poll', '/a', '/b', '/c'), onHint);
    expect(vi.getTimerCount()).toBe(1);
    await watcher.watch([], onHint);
    expect(vi.getTimerCount()).toBe(0);
    await watcher.watch(hints('poll', '/a'), onHint);
    await watcher.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('kernel files stay open between polls and are let go at the end', async () => {
    watcher = createHostWatcher({ root: '/' });
    const open = () => descriptors().filter((target) => target === '/proc/sys/kernel/ostype');

    await watcher.watch(hints('poll', '/proc/sys/kernel/ostype', '/proc/swaps', '/sys/module', '/proc/none'), onHint);
    vi.advanceTimersByTime(3000);
    expect(open()).toHaveLength(1);
    expect(told).toEqual([]);

    await watcher.close();
    expect(open()).toEqual([]);
  });

  test('an open kernel file whose subject goes away is told once as a change', async () => {
    watcher = createHostWatcher({ root: '/' });
    const child = spawn('sleep', ['60']);
    const path = `/proc/${child.pid}/wchan`;
    await watcher.watch(hints('poll', path), onHint);

    child.kill('SIGKILL');
    await once(child, 'exit');
    vi.advanceTimersByTime(5000);

    expect(told).toEqual([`poll ${path}`]);
    expect(descriptors()).not.toContain(path);
  });

  test.each([
    [1, []],
    [40, [`poll /proc/${process.pid}/stat`]],
  ])('a kernel file of which %i fields count is told %j while the others change', async (fields, expected) => {
    watcher = createHostWatcher({ root: '/' });
    await watcher.watch([{ path: `/proc/${process.pid}/stat`, by: 'poll', fields }], onHint);

    // Reading the file again and again costs CPU time, which is one of the later fields.
    const before = process.cpuUsage().user;
    while (process.cpuUsage().user - before < 50_000) readFileSync(`/proc/${process.pid}/stat`);
    vi.advanceTimersByTime(1000);

    expect(told).toEqual(expected);
  });

  test('what raises no events is polled even when events were asked for', async () => {
    watcher = createHostWatcher({ root: '/' });

    await watcher.watch(hints('event', '/proc/swaps', '/sys/module/nodeprep_no_such_module'), onHint);

    expect(vi.getTimerCount()).toBe(1);
  });
});

describe('sysctls of a real kernel', { timeout: 90_000 }, () => {
  const obstacle = namespaceObstacle('net');
  const prelude = `
    import { readFileSync, writeFileSync } from 'node:fs';
    import { setTimeout as pause } from 'node:timers/promises';
    import { createHostWatcher } from '${process.cwd()}/src/host/watch/watcher.ts';
    const told = [];
    const watcher = createHostWatcher({ root: '/', pollMs: 300, debounceMs: 1 });
    const until = async (source, path) => {
      for (let left = 2000; !told.includes(source + ' ' + path) && left > 0; left -= 1) await pause(10);
      return told.splice(0);
    };
    const on = (path, source) => told.push(source + ' ' + path);
    const forward = '/proc/sys/net/ipv4/ip_forward';`;

  test.skipIf(obstacle !== undefined)(
    'are told by an event when written, and by the poll when the kernel changes them',
    async () => {
      watcher = createHostWatcher({ root });
      const result = await inNamespace(
        'net',
        '',
        `${prelude}
       await watcher.watch([{ path: forward, by: 'both' }], on);
       writeFileSync(forward, '1\\n');
       const written = await until('event', forward);
       await pause(400);
       told.splice(0);
       writeFileSync('/proc/sys/net/ipv4/conf/all/forwarding', '0\\n');
       const sideEffect = await until('poll', forward);
       await watcher.close();
       console.log(JSON.stringify({ written, sideEffect, value: readFileSync(forward, 'utf8') }));`,
      );

      expect(result).toEqual({
        written: expect.arrayContaining(['event /proc/sys/net/ipv4/ip_forward']),
        sideEffect: ['poll /proc/sys/net/ipv4/ip_forward'],
        value: '0\n',
      });
    },
  );

  test.skipIf(obstacle !== undefined)(
    'are told again for the write that follows a truncation, long before the time for which bursts are collected',
    async () => {
      watcher = createHostWatcher({ root });
      const result = await inNamespace(
        'net',
        '',
        `${prelude}
       import { closeSync, openSync, writeSync } from 'node:fs';
       const patient = createHostWatcher({ root: '/', pollMs: 60_000, debounceMs: 60_000 });
       await patient.watch([{ path: forward, by: 'both' }], on);
       const descriptor = openSync(forward, 'w');
       const truncated = await until('event', forward);
       writeSync(descriptor, '1\\n');
       closeSync(descriptor);
       const written = await until('event', forward);
       await patient.close();
       console.log(JSON.stringify({ truncated, written }));`,
      );

      const hint = 'event /proc/sys/net/ipv4/ip_forward';
      expect(result).toEqual({ truncated: [hint], written: expect.arrayContaining([hint]) });
    },
  );

  test.skipIf(obstacle !== undefined)(
    'of a device that appears are told, then watched, and told when the device goes',
    async ({ skip }) => {
      watcher = createHostWatcher({ root });
      const result = await inNamespace(
        'net',
        '',
        `${prelude}
       import { execFileSync } from 'node:child_process';
       const path = '/proc/sys/net/ipv4/conf/np0/forwarding';
       await watcher.watch([{ path, by: 'both' }], on);
       const seen = {};
       for (const round of ['first', 'second']) {
         try { execFileSync('ip', ['link', 'add', 'np0', 'type', 'bridge'], { stdio: 'ignore' }); } catch { seen.skipped = true; break; }
         const appeared = await until('poll', path);
         await pause(400);
         told.splice(0);
         writeFileSync(path, '1\\n');
         const written = await until('event', path);
         execFileSync('ip', ['link', 'delete', 'np0']);
         const vanished = await until('poll', path);
         seen[round] = [appeared, written, vanished].map((all) => all.length > 0);
       }
       await watcher.close();
       console.log(JSON.stringify(seen));`,
      );

      skip(JSON.stringify(result).includes('skipped'), 'this kernel or image cannot make a bridge');
      expect(result).toEqual({ first: [true, true, true], second: [true, true, true] });
    },
  );
});

const descriptors = () =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });

/** How many inodes this process watches, as the kernel counts them. */
function inotifyWatches(): number {
  const all = readdirSync('/proc/self/fdinfo').map((fd) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
    } catch {
      return '';
    }
  });
  return all.join('\n').match(/^inotify wd:/gm)?.length ?? 0;
}
