/**
 * Runs swapoff and swapon, which a container that is not privileged is refused twice: the seccomp profiles of container
 * runtimes leave both system calls out whatever the capabilities, and both open the block device, which the device
 * rules of the container's cgroup deny. Process 1 of the host may do it. Stopping the swap unit would not do: a unit
 * that is masked has forgotten its device (systemd 252 then calls swapoff without one).
 */
import { CommandError, CommandMissingError } from '../../../host/errors.ts';
import type { Command, Host } from '../../../host/host.ts';

/** For EPERM util-linux's swapoff says "Not superuser." to every caller; others give the kernel's own words. */
const REFUSED = /not permitted|permission denied|not superuser/i;

/** Whether a command of the host failed because its caller lacks rights. */
export function isRefused(failure: unknown): failure is CommandError {
  return failure instanceof CommandError && REFUSED.test(failure.stderr.trim() || failure.message);
}

/** Runs the command; when it is refused, as a service of systemd's, with the same output and exit code. */
export async function runWithRights(
  host: Host,
  command: Command,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  try {
    await host.run(command, { timeoutMs, signal });
  } catch (refusal) {
    if (!isRefused(refusal) || (await host.stat('/run/systemd/system')) === undefined) throw refusal;
    // The service does not end with the one who started it.
    const limit = `--property=RuntimeMaxSec=${timeoutMs / 1000}`;
    const service: Command = ['systemd-run', '--quiet', '--wait', '--pipe', '--collect', limit, '--', ...command];
    try {
      await host.run(service, { timeoutMs, signal });
    } catch (error) {
      throw error instanceof CommandMissingError ? refusal : error;
    }
  }
}
