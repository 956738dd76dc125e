import type { NodeFacts } from '../../api/status/status.ts';
import type { Surroundings } from '../../areas/surroundings.ts';
import { HostFileError } from '../../host/errors.ts';
import type { HostReader } from '../../host/host.ts';

/** What tables show of a host besides its state; what cannot be read is left out. */
export async function factsOf(host: HostReader, areas: readonly Pick<Surroundings, 'facts'>[]): Promise<NodeFacts> {
  if (host.kernel === 'absent') return {};
  const kernel = await textOf(host, '/proc/sys/kernel/osrelease');
  const facts: NodeFacts[] = [kernel === '' ? {} : { kernel }, await identityOf(host)];
  for (const area of areas) facts.push((await area.facts?.(host)) ?? {});
  return Object.assign({}, ...facts) as NodeFacts;
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

/** An image that was never booted has an empty machine ID or "uninitialized", which tells no machine from another. */
async function identityOf(host: HostReader): Promise<NodeFacts> {
  const machineID = await textOf(host, '/etc/machine-id');
  const bootID = await textOf(host, '/proc/sys/kernel/random/boot_id');
  return {
    ...(/^[0-9a-f]{32}$/.test(machineID) ? { machineID } : {}),
    ...(/^[0-9a-f-]{36}$/.test(bootID) ? { bootID } : {}),
  };
}
