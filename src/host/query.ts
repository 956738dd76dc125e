/**
 * What can be asked of a host without changing it. A new command is added here, after a look at its manual: nothing
 * checks at run time what it does.
 */

/** A command that changes nothing, whatever its arguments are. */
export type Query =
  | readonly ['docker', 'info', '--format', string]
  | readonly ['journalctl', '--no-pager', '-o', 'cat', '-n', string, `_SYSTEMD_INVOCATION_ID=${string}`]
  | readonly [`/${string}/containerd`, '--version']
  | readonly ['journalctl', '--no-pager', '-o', 'short-iso', '-n', string, '-u', string, '-u', string]
  | readonly ['kubelet', '--version']
  | readonly ['lsblk', ...string[]]
  | readonly ['modprobe', '-n', string]
  | readonly ['systemctl', 'list-units' | 'list-unit-files' | 'show' | '--version', ...string[]]
  | readonly ['timedatectl', 'show', ...string[]];

/** One question to a program that serves gRPC on a Unix socket, such as a container runtime. */
export interface SocketQuestion {
  /** `/runtime.v1.RuntimeService/Status`. */
  readonly method: string;
  /** The request message in hexadecimal; empty for one without fields. */
  readonly message: string;
}

/**
 * The message that answers a question, and how long all questions took that were asked together; or why there is none:
 * `isUnknown` when the program does not know the method.
 */
export type SocketAnswer =
  | { readonly message: Uint8Array; readonly seconds?: number }
  | { readonly problem: string; readonly isUnknown?: true };

/** How long an answer is good. */
export interface AskOptions {
  /** Another stamp, such as the number of the start of the program, asks again. */
  readonly stamp: string;
  readonly signal?: AbortSignal;
}
