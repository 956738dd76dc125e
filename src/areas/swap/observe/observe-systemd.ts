/** Asks systemd, when there is one, what it knows about units that bring swap. */
import { CommandError, CommandMissingError } from '../../../host/errors.ts';
import type { HostReader } from '../../../host/host.ts';
import { hasAny } from '../../has-any.ts';
import { type LiveUnit, parseUnits, SWAP_SERVICES, SWAP_TARGET, UNIT_PROPERTIES } from '../plan/units.ts';

/**
 * How far systemd counts on this host. `running`: it was asked. `silent`: it is there but cannot be
 * asked, so only files count. `installed`: a directory whose system uses it. `absent`: another init,
 * for which fstab is all there is.
 */
export interface SystemdObserved {
  readonly state: 'running' | 'silent' | 'installed' | 'absent';
  /** Why it is `silent`. */
  readonly why?: string;
  readonly units: readonly LiveUnit[];
}

const QUERY_TIMEOUT_MS = 20_000;

/** Looks for systemd and asks it. */
export async function observeSystemd(host: HostReader, signal: AbortSignal): Promise<SystemdObserved> {
  if (host.kernel !== 'running') return { state: (await isInstalled(host)) ? 'installed' : 'absent', units: [] };
  // The documented test for "booted with systemd" (sd_booted(3)).
  if ((await host.stat('/run/systemd/system')) === undefined) return { state: 'absent', units: [] };
  try {
    // One call: with --all also the other names of a device, which `show` leaves out otherwise.
    const { stdout } = await host.query(
      ['systemctl', 'show', '--all', '-p', UNIT_PROPERTIES, '--', '*.swap', SWAP_TARGET, ...Object.keys(SWAP_SERVICES)],
      { timeoutMs: QUERY_TIMEOUT_MS, signal },
    );
    return { state: 'running', units: parseUnits(stdout) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommandMissingError) return { state: 'silent', why: 'systemctl is missing', units: [] };
    if (error instanceof CommandError) return { state: 'silent', why: reasonOf(error), units: [] };
    throw error;
  }
}

function reasonOf(error: CommandError): string {
  if (error.timedOut) return 'systemctl did not answer';
  return error.stderr.trim().split('\n')[0] || `systemctl failed with exit code ${error.exitCode ?? 'unknown'}`;
}

function isInstalled(host: HostReader): Promise<boolean> {
  return hasAny(host, ['/usr/lib/systemd/system', '/lib/systemd/system', '/etc/systemd/system', '/run/systemd/system']);
}
