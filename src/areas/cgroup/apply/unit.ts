/** What systemd does with a unit, and what it says of it. */
import { CommandError } from '../../../host/errors.ts';
import type { Host, HostReader } from '../../../host/host.ts';

/** The stop of a runtime or kubelet may take the 90 s that systemd gives it. */
const UNIT_MS = 120_000;

/** Whether the unit runs, or systemd tries to run it again and again. Throws `CommandError`. */
export async function isWanted(host: HostReader, unit: string, signal: AbortSignal): Promise<boolean> {
  const { stdout } = await host.query(['systemctl', 'show', '-p', 'ActiveState', '--', unit], { signal });
  return /^ActiveState=(active|activating|reloading|failed|deactivating)$/m.test(stdout);
}

/** Restarts, starts or stops a unit. Throws `CommandError`. */
export async function control(
  host: Host,
  verb: 'restart' | 'start' | 'stop' | 'reset-failed',
  unit: string,
  signal: AbortSignal,
): Promise<void> {
  await host.run(['systemctl', verb, '--', unit], { timeoutMs: UNIT_MS, signal });
}

/** The first line of the unit's last run that tells of an error; empty when there is none. */
export async function firstError(host: HostReader, unit: string, signal: AbortSignal): Promise<string> {
  try {
    const { stdout } = await host.query(['systemctl', 'show', '-p', 'InvocationID', '--', unit], { signal });
    const run = /^InvocationID=([0-9a-f]{32})$/m.exec(stdout)?.[1];
    if (run === undefined) return '';
    const journal = await host.query(
      ['journalctl', '--no-pager', '-o', 'cat', '-n', '200', `_SYSTEMD_INVOCATION_ID=${run}`],
      { timeoutMs: 5000, signal },
    );
    const lines = journal.stdout.split('\n');
    // The unit of containerd tries to load a module before, which may be built in.
    const line = lines.find((one) => /level=(error|fatal)|^(?!modprobe:)\S+: |\bfailed\b/.test(one)) ?? '';
    return (/\bmsg="?(.*)/.exec(line)?.[1] ?? line).slice(0, 300);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommandError) return '';
    throw error;
  }
}
