/**
 * What process 1 does for a process that may not: a container that is not privileged is refused swapoff(2) and
 * swapon(2) twice. The seccomp profiles of container runtimes leave them out whatever the capabilities, and both open
 * the block device, which the device rules of the container's cgroup deny.
 */
import { CommandError, CommandMissingError } from '../../host/errors.ts';
import type { Host } from '../../host/host.ts';
import { bytesFrom, swapUnitOf } from './unit-names.ts';

/** systemd gives swapoff 90 seconds; what has been moved to memory by then stays there for the next pass. */
const JOB_TIMEOUT_MS = 100_000;
/** For EPERM util-linux's swapoff says "Not superuser.", whoever asks; others give the kernel's own words. */
const REFUSED = /not permitted|permission denied|not superuser/i;

/** Whether a command of the host failed because its caller lacks rights. */
export function isRefused(failure: unknown): failure is CommandError {
  return failure instanceof CommandError && REFUSED.test(failure.stderr.trim() || failure.message);
}

/**
 * Turns a device off through its unit; systemd has one for everything that is on, and stops it also when it is masked.
 * Throws the refusal itself where systemd cannot be asked.
 */
export async function stopBySystemd(host: Host, path: string, refusal: unknown, signal: AbortSignal): Promise<void> {
  await throughUnit(host, 'stop', unitNameOf(path), refusal, signal);
}

/**
 * Turns a device on through its unit. The unit may have another name, such as that of a label in fstab: then everything
 * is turned on that is on after a boot. Throws as `stopBySystemd` does.
 */
export async function startBySystemd(host: Host, path: string, refusal: unknown, signal: AbortSignal): Promise<void> {
  try {
    await throughUnit(host, 'start', unitNameOf(path), refusal, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error === refusal || !(error instanceof CommandError)) throw error;
    await throughUnit(host, 'start', 'swap.target', refusal, signal);
  }
}

async function throughUnit(
  host: Host,
  verb: 'start' | 'stop',
  unit: string | undefined,
  refusal: unknown,
  signal: AbortSignal,
): Promise<void> {
  if (unit === undefined || (await host.stat('/run/systemd/system')) === undefined) throw refusal;
  try {
    await host.run(['systemctl', verb, '--', unit], { timeoutMs: JOB_TIMEOUT_MS, signal });
  } catch (error) {
    throw error instanceof CommandMissingError ? refusal : error;
  }
}

function unitNameOf(path: string): string | undefined {
  return swapUnitOf(bytesFrom(path));
}
