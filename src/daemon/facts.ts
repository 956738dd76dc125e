import type { NodeFacts } from '../api/status.ts';
import { HostFileError } from '../host/errors.ts';
import type { HostReader } from '../host/host.ts';

/** What tables show of a host besides its state; what cannot be read is left out. */
export async function factsOf(host: HostReader): Promise<NodeFacts> {
  if (host.kernel === 'absent') return {};
  try {
    const kernel = (await host.readFile('/proc/sys/kernel/osrelease'))?.trim() ?? '';
    // Only the unified hierarchy has this file at its root; on a hybrid one it is in a folder below.
    const isUnified = (await host.stat('/sys/fs/cgroup/cgroup.controllers')) !== undefined;
    const isLegacy = !isUnified && (await host.stat('/sys/fs/cgroup/cpu')) !== undefined;
    return {
      ...(kernel === '' ? {} : { kernel }),
      ...(isUnified ? { cgroup: 'v2' } : {}),
      ...(isLegacy ? { cgroup: 'v1' } : {}),
      ...(await identityOf(host)),
    };
  } catch (error) {
    if (error instanceof HostFileError) return {};
    throw error;
  }
}

/** An image that was never booted has an empty machine ID or "uninitialized", which tells no machine from another. */
async function identityOf(host: HostReader): Promise<NodeFacts> {
  const machineID = (await host.readFile('/etc/machine-id'))?.trim() ?? '';
  const bootID = (await host.readFile('/proc/sys/kernel/random/boot_id'))?.trim() ?? '';
  return {
    ...(/^[0-9a-f]{32}$/.test(machineID) ? { machineID } : {}),
    ...(/^[0-9a-f-]{36}$/.test(bootID) ? { bootID } : {}),
  };
}
