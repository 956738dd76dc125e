import type { NodeFacts } from '../../api/status/status.ts';
import { HostFileError } from '../../host/errors.ts';
import type { HostReader } from '../../host/host.ts';

/** What tables show of a host besides its state; what cannot be read is left out. */
export async function factsOf(host: HostReader): Promise<NodeFacts> {
  if (host.kernel === 'absent') return {};
  const kernel = await textOf(host, '/proc/sys/kernel/osrelease');
  return { ...(kernel === '' ? {} : { kernel }), ...(await cgroupOf(host)), ...(await identityOf(host)) };
}

/** Empty for what is not there or cannot be read. */
async function textOf(host: HostReader, path: string): Promise<string> {
  try {
    return (await host.readFile(path))?.trim() ?? '';
  } catch (error) {
    if (error instanceof HostFileError) return '';
    throw error;
  }
}

async function cgroupOf(host: HostReader): Promise<NodeFacts> {
  try {
    // Only the unified hierarchy has this file at its root; on a hybrid one it is in a folder below.
    if ((await host.stat('/sys/fs/cgroup/cgroup.controllers')) !== undefined) return { cgroup: 'v2' };
    return (await host.stat('/sys/fs/cgroup/cpu')) === undefined ? {} : { cgroup: 'v1' };
  } catch (error) {
    if (error instanceof HostFileError) return {};
    throw error;
  }
}

/** An image that was never booted has an empty machine ID or "uninitialized", which tells no machine from another. */
async function identityOf(host: HostReader): Promise<NodeFacts> {
  const machineID = await textOf(host, '/etc/machine-id');
  const bootID = await textOf(host, '/proc/sys/kernel/random/boot_id');
  return {
    ...(/^[0-9a-f]{32}$/.test(machineID) ? { machineID } : {}),
    ...(/^[0-9a-f-]{36}$/.test(bootID) ? { bootID } : {}),
  };
}
