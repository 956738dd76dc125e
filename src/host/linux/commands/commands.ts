/**
 * Runs programs of the host: no shell, a fixed search path, no inherited environment, a time limit,
 * and an end for every child. systemctl, modprobe and the like are trusted to do what they say, but
 * not to come back.
 */
import { CommandError, CommandMissingError } from '../../errors.ts';
import type { Command, CommandOptions, CommandOutput } from '../../host.ts';
import { errnoOf } from '../files/file-errors.ts';
import { excerptFrom, OutputBuffer } from './output-buffer.ts';
import { ProcessGroup } from './process-group.ts';

const defaultTimeoutMs = 30_000;
const maximumOutputBytes = 8 * 1024 * 1024;

/** Where programs are looked for, whatever the environment of NodePrep says. */
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const environment = { PATH: searchPath, LC_ALL: 'C', LANG: 'C' };

/** Why a command was stopped before it ended by itself. */
interface Stop {
  readonly detail: string;
  readonly timedOut: boolean;
}

/**
 * Runs a command to its end; throws `CommandError` for anything but exit code 0. `enter` is the
 * helper that starts it where the host has its files, see `enterHost`.
 */
export function runCommand(
  command: Command,
  options: CommandOptions = {},
  enter: readonly string[] = [],
): Promise<CommandOutput> {
  const { timeoutMs = defaultTimeoutMs, signal } = options;
  if (command.some((argument) => argument.includes('\0'))) {
    return Promise.reject(new CommandError(command, { detail: 'an argument contains a NUL character' }));
  }
  if (signal?.aborted) return Promise.reject(new CommandError(command, { detail: 'it was cancelled before it began' }));

  let child: ReturnType<typeof startCommand>;
  try {
    child = startCommand(command, enter);
  } catch (error) {
    // Node throws some failures at once (E2BIG, ENOTDIR) and tells others by an event.
    return Promise.reject(startErrorFrom(command, enter, error));
  }

  return new Promise((resolve, reject) => {
    const group = new ProcessGroup(child);
    const stdout = new OutputBuffer(maximumOutputBytes);
    const stderr = new OutputBuffer(maximumOutputBytes);
    let stop: Stop | undefined;

    const stopFor = (detail: string, timedOut = false) => {
      if (stop !== undefined) return;
      stop = { detail, timedOut };
      group.end();
    };
    const timer = setTimeout(
      () => stopFor(`it did not end within ${Math.ceil(timeoutMs / 1000)} s and was killed`, true),
      timeoutMs,
    );
    const onAbort = () => stopFor('it was cancelled and killed');
    signal?.addEventListener('abort', onAbort, { once: true });

    const release = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    for (const [stream, buffer] of [
      [child.stdout, stdout],
      [child.stderr, stderr],
    ] as const) {
      stream.on('data', (data: Buffer) => {
        if (!buffer.add(data)) stopFor(`it printed more than ${maximumOutputBytes / 1024 / 1024} MiB and was killed`);
      });
      // A pipe that breaks tells nothing that the exit of the child does not.
      stream.on('error', () => undefined);
    }

    child.once('error', (error) => {
      // Also told when a signal could not be sent; the child is still awaited then.
      if (child.pid !== undefined) return;
      release();
      reject(startErrorFrom(command, enter, error));
    });

    group.whenOver((exitCode, exitSignal) => {
      release();
      const printed = stderr.text();
      if (stop === undefined && exitCode === 0) {
        resolve({ stdout: stdout.text(), stderr: printed });
        return;
      }
      const ended =
        exitCode === null ? `it was killed by ${exitSignal ?? 'a signal'}` : `it exited with code ${exitCode}`;
      const leftBehind = exitCode === null && exitSignal === null ? ', but hangs in the kernel and cannot be' : '';
      const notStarted = enter.length === 0 ? undefined : helperFailure(command, exitCode, printed);
      if (notStarted !== undefined) {
        reject(notStarted);
        return;
      }
      const said = excerptFrom(printed) || excerptFrom(stdout.text());
      reject(
        new CommandError(command, {
          ...(stop === undefined && exitCode !== null ? { exitCode } : {}),
          stderr: printed,
          timedOut: stop?.timedOut ?? false,
          detail: `${stop?.detail ?? ended}${leftBehind}${said === '' ? '' : `: ${said}`}`,
        }),
      );
    });
  });
}

/** Starts a command without waiting for its end, in a process group of its own. May throw at once. */
export function startCommand(command: Command, enter: readonly string[] = []) {
  const [program = command[0], ...args] = [...enter, ...command];
  // Loaded with the first command: what runs none starts faster.
  const { spawn } = process.getBuiltinModule('node:child_process');
  return spawn(program, args, {
    cwd: '/',
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that its children can be killed with it.
    detached: true,
  });
}

function startErrorFrom(command: Command, enter: readonly string[], cause: unknown): CommandError {
  const [program] = command;
  const [helper] = enter;
  const code = errnoOf(cause);
  if (helper !== undefined) {
    const detail = `"${helper}", which starts the programs of the host, could not be started (${code ?? String(cause)}); the image of NodePrep must have it in ${searchPath}`;
    return new CommandError(command, { detail }, { cause });
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const where = program.includes('/') ? 'on this host' : `in ${searchPath}`;
    return new CommandMissingError(command, `there is no "${program}" ${where}`, { cause });
  }
  const detail =
    code === 'EACCES'
      ? `"${program}" is there but may not be executed (EACCES); check its mode and whether its file system is mounted noexec`
      : `it could not be started (${code ?? String(cause)})`;
  return new CommandError(command, { detail }, { cause });
}

/** What the helper says when it could not start the command; `undefined` when the command itself failed. */
function helperFailure(command: Command, exitCode: number | null, stderr: string): CommandError | undefined {
  // Both util-linux and BusyBox put their name first; 126 and 127 are the exit codes of env(1) and its like.
  if (!stderr.startsWith('nsenter: ')) return undefined;
  const said = excerptFrom(stderr);
  if ((exitCode === 127 || exitCode === 126) && /No such file or directory/.test(stderr)) {
    return new CommandMissingError(command, `there is no "${command[0]}" on this host`);
  }
  if (/(reassociate to|setns|cannot open)/.test(stderr)) {
    const advice = 'the container needs the capabilities SYS_ADMIN, SYS_CHROOT and SYS_PTRACE and no AppArmor profile';
    return new CommandError(command, { detail: `the host's files could not be entered, ${advice}: ${said}`, stderr });
  }
  return undefined;
}
