/** Commands come to an end, say what went wrong, and leave nothing behind. */
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { CommandError, CommandMissingError } from '../../../src/host/errors.ts';
import { runCommand } from '../../../src/host/linux/commands/commands.ts';
import { ProcessGroup } from '../../../src/host/linux/commands/process-group.ts';
import { temporaryDirectory } from '../../support/hosts-alike.ts';

const shell = (script: string, ...args: string[]) => ['sh', '-c', script, 'sh', ...args] as const;
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('the command should have failed'),
    (error: unknown) => error as CommandError,
  );
const numberIn = (path: string) => Number(readFileSync(path, 'utf8'));

/** True while a process exists and is no zombie. */
function isRunning(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  return existsSync(path) && !/\) Z /.test(readFileSync(path, 'utf8'));
}

describe('a command', () => {
  test('gives what it printed', async () => {
    expect(await runCommand(shell('echo out; echo err >&2'))).toEqual({ stdout: 'out\n', stderr: 'err\n' });
  });

  test('gets its arguments as they are, with no shell between', async () => {
    const argument = '$(touch /tmp/never); `id` "\' * \n ; |';

    expect((await runCommand(['printf', '%s', argument])).stdout).toBe(argument);
  });

  test('sees a fixed environment and nothing of ours', async () => {
    process.env['NODEPREP_SECRET'] = 'token';

    const { stdout } = await runCommand(['env']);
    delete process.env['NODEPREP_SECRET'];

    expect(stdout.trim().split('\n').toSorted()).toEqual([
      'LANG=C',
      'LC_ALL=C',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ]);
  });

  test('has no standard input to wait for', async () => {
    expect((await runCommand(['cat'])).stdout).toBe('');
  });

  test('may print megabytes without losing any', async () => {
    const { stdout } = await runCommand(shell('head -c 8388608 /dev/zero | tr "\\0" x'));

    expect(stdout.length).toBe(8 * 1024 * 1024);
  });
});

describe('a command that fails', () => {
  test('is told with its exit code and the first lines of its stderr', async () => {
    const error = await failureOf(runCommand(shell('echo one >&2; echo two >&2; exit 3')));

    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ exitCode: 3, stderr: 'one\ntwo\n', timedOut: false });
    expect(error.message).toMatch(/^Command "sh -c .*" failed: it exited with code 3: one; two$/);
  });

  test('cannot write to the terminal or forge a log line by its stderr', async () => {
    const error = await failureOf(runCommand(shell("printf '\\033[2Jred\\rfake\\u202e' >&2; exit 1")));

    expect(error.message.slice(error.message.indexOf('failed:'))).not.toMatch(/\p{C}/u);
    expect(error.message).toContain('\\u{1b}[2Jred\\u{d}fake');
  });

  test('has a message of bounded length', async () => {
    const error = await failureOf(runCommand(shell('head -c 100000 /dev/zero | tr "\\0" x >&2; exit 1')));

    expect(error.message.length).toBeLessThan(600);
    expect(error.stderr.length).toBe(100_000);
  });

  test('is told with the signal that killed it', async () => {
    const error = await failureOf(runCommand(shell('kill -SEGV $$')));

    expect(error.exitCode).toBeUndefined();
    expect(error.message).toContain('it was killed by SIGSEGV');
  });

  test.each(['nodeprep-no-such-program', '/nowhere/program', '/etc/hostname/program'])(
    'because there is no %s is told as missing',
    async (program) => {
      const error = await failureOf(runCommand([program]));

      expect(error).toBeInstanceOf(CommandMissingError);
      expect(error.message).toContain(`there is no "${program}"`);
    },
  );

  test('because it may not be executed is told as that and not as missing', async () => {
    const path = `${temporaryDirectory()}/program`;
    writeFileSync(path, '#!/bin/sh\n', { mode: 0o644 });

    const error = await failureOf(runCommand([path]));

    expect(error).not.toBeInstanceOf(CommandMissingError);
    expect(error.message).toContain('may not be executed (EACCES)');
  });

  test('because its arguments are too long is told without repeating them', async () => {
    const error = await failureOf(runCommand(['true', 'x'.repeat(3_000_000)]));

    expect(error.message).toContain('E2BIG');
    expect(error.message.length).toBeLessThan(1000);
  });

  test('because an argument has a NUL never starts', async () => {
    expect((await failureOf(runCommand(['printf', 'a\0b']))).message).toContain('NUL');
  });
});

describe('a command that does not end', { timeout: 30_000 }, () => {
  test('is killed at its time limit together with its children', async () => {
    const file = `${temporaryDirectory()}/pid`;

    const error = await failureOf(runCommand(shell('sleep 60 & echo $! > "$1"; wait', file), { timeoutMs: 2000 }));

    expect(error).toMatchObject({ timedOut: true, exitCode: undefined });
    expect(error.message).toContain('it did not end within 2 s and was killed');
    await expect.poll(() => isRunning(numberIn(file))).toBe(false);
  });

  test('is killed although it ignores SIGTERM, with children that do', async () => {
    const file = `${temporaryDirectory()}/pid`;
    const stubborn = 'trap "" TERM; (trap "" TERM; sleep 60) & echo $! > "$1"; while :; do sleep 1; done';

    const error = await failureOf(runCommand(shell(stubborn, file), { timeoutMs: 2000 }));

    expect(error.timedOut).toBe(true);
    await expect.poll(() => isRunning(numberIn(file))).toBe(false);
  });

  test('is killed when it is cancelled', async () => {
    const abort = new AbortController();
    const done = failureOf(runCommand(['sleep', '60'], { signal: abort.signal }));

    abort.abort();

    expect(await done).toMatchObject({ timedOut: false, message: expect.stringContaining('cancelled') });
  });

  test('does not even start when it was cancelled before', async () => {
    const file = `${temporaryDirectory()}/made`;

    await failureOf(runCommand(['touch', file], { signal: AbortSignal.abort() }));

    expect(existsSync(file)).toBe(false);
  });

  test('is killed when it floods us', async () => {
    const error = await failureOf(runCommand(['yes']));

    expect(error.message).toContain('it printed more than 8 MiB and was killed');
  });

  test('but leaves a service behind is not waited for, and the service lives on', async () => {
    const file = `${temporaryDirectory()}/pid`;
    const begin = performance.now();

    const { stdout } = await runCommand(shell('setsid sleep 60 & echo $! > "$1"; echo started', file));

    expect(stdout).toBe('started\n');
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(isRunning(numberIn(file))).toBe(true);
    process.kill(numberIn(file), 'SIGKILL');
  });
});

test('one that cannot be killed, since it hangs in the kernel, is not waited for any longer', () => {
  vi.useFakeTimers();
  // No process can be made to hang there on purpose, so this one only looks like a child.
  const child = Object.assign(new EventEmitter(), { pid: undefined, unref: vi.fn() }) as unknown as ChildProcess;
  const group = new ProcessGroup(child);
  const over: unknown[] = [];
  group.whenOver((...exit) => over.push(exit));

  group.end();
  vi.advanceTimersByTime(3999);
  expect(over).toEqual([]);
  vi.advanceTimersByTime(1);

  expect(over).toEqual([[null, null]]);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test('leaves no timer, no listener and no zombie', async () => {
  const abort = new AbortController();
  const listen = vi.spyOn(abort.signal, 'removeEventListener');
  const children = () => readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
  const before = children();

  await runCommand(['true'], { signal: abort.signal });
  await failureOf(runCommand(['false'], { signal: abort.signal }));
  await failureOf(runCommand(['nodeprep-no-such-program'], { signal: abort.signal }));

  expect(listen).toHaveBeenCalledTimes(3);
  await expect.poll(children).toBe(before);
  await expect.poll(() => process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap')).toEqual([]);
});
