/**
 * Runs tools of a boot loader. They mount, read disks and write below /boot, which neither the units of NodePrep nor its
 * pod may, so on a host with systemd they run as a service of its own.
 */
import type { Command, Host } from '../../../host/host.ts';
import type { RunTool } from '../loaders/loader.ts';

/** os-prober looks at every disk. */
const TIMEOUT_MS = 300_000;

/** The way to run tools on this host. */
export async function toolRunner(host: Host, signal: AbortSignal): Promise<RunTool> {
  const isSystemd = (await host.stat('/run/systemd/system')) !== undefined;
  return async (command) => {
    const { stdout } = await host.run(isSystemd ? asService(command) : command, { timeoutMs: TIMEOUT_MS, signal });
    return stdout;
  };
}

/** Without default dependencies, because at boot the targets that those wait for may wait for NodePrep. */
function asService(command: Command): Command {
  const settings = ['DefaultDependencies=no', `RuntimeMaxSec=${TIMEOUT_MS / 1000}`].map((one) => `--property=${one}`);
  return ['systemd-run', '--quiet', '--wait', '--pipe', '--collect', ...settings, '--', ...command];
}
