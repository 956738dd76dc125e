import type { ChildProcess } from 'node:child_process';

/** How long a program may take to clean up after SIGTERM. */
const graceMs = 2000;

/**
 * How long the pipes of an ended child may stay open. A daemon that it left behind can hold them for
 * ever (`modprobe` with an install command, a service started by hand), and that is not our wait.
 */
const drainMs = 500;

type Over = (exitCode: number | null, signal: NodeJS.Signals | null) => void;

/** A child that leads a process group, and how it is brought to an end together with its children. */
export class ProcessGroup {
  readonly #child: ChildProcess;
  #kill: NodeJS.Timeout | undefined;
  #drain: NodeJS.Timeout | undefined;
  #ending = false;
  #giveUp: () => void = () => undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** SIGTERM to the whole group, then SIGKILL, then give up waiting. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#signal('SIGTERM');
    this.#kill = setTimeout(() => {
      this.#signal('SIGKILL');
      // A process in an uninterruptible system call (swapoff, a dead network mount) cannot be killed.
      this.#kill = setTimeout(() => this.#giveUp(), graceMs);
    }, graceMs);
  }

  /**
   * Calls back once, when the child has ended and its output is read or will not come any more.
   * Neither exit code nor signal means that it could not be killed and was left behind.
   */
  whenOver(over: Over): void {
    const child = this.#child;
    let exit: Parameters<Over> | undefined;
    const finish = () => {
      if (exit === undefined) return;
      clearTimeout(this.#kill);
      clearTimeout(this.#drain);
      // Whatever of the group outlived a child that we had to stop goes now.
      if (this.#ending) this.#signal('SIGKILL');
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.removeAllListeners('exit').removeAllListeners('close');
      over(...exit);
      exit = undefined;
    };
    this.#giveUp = () => {
      exit ??= [null, null];
      child.unref();
      finish();
    };
    child.once('exit', (code, signal) => {
      exit = [code, signal];
      this.#drain = setTimeout(finish, drainMs);
    });
    child.once('close', finish);
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // No process of the group is left, as intended.
    }
  }
}
