/** Builds what every command needs: the host, the areas and the clocks. */
import { nodeNameProblem } from '../api/names/node-name.ts';
import { everyArea } from '../areas/index.ts';
import type { Host } from '../host/host.ts';
import { createLinuxHost } from '../host/linux/linux-host.ts';
import { manage, type ManagedArea } from '../reconcile/pass/pass.ts';

/** The machine a command works on. */
export interface Machine {
  /** `/`, or the directory given with `--root` or `--host-root`. */
  readonly root: string;
  /** Whether the host runs now: this machine itself, or seen from a container. */
  readonly live: boolean;
  /** The host that is made ready. */
  readonly host: Host;
  /** The machine the command was typed on; named files are read from here. */
  readonly here: Host;
  readonly areas: readonly ManagedArea[];
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly now: () => Date;
}

/** Which host is meant. */
export interface MachineOptions {
  /** A directory that stands for a host; `/` is this machine. */
  readonly root: string;
  /** Where all of a running host is mounted in the container that we are in. */
  readonly hostRoot?: string;
}

/** Throws `HostFileError` when the root is not a directory, `HostRootError` when it is not the running host. */
export function openMachine(options: MachineOptions): Machine {
  const root = options.hostRoot ?? options.root;
  const live = options.hostRoot !== undefined || root === '/';
  const here = createLinuxHost({});
  return {
    root,
    live,
    host: root === '/' ? here : createLinuxHost({ root, live }),
    here,
    areas: everyArea(manage),
    clock: () => performance.now(),
    now: () => new Date(),
  };
}

/** Name of the Node that this host becomes, as the kubelet derives it from the host name. */
export async function hostNameOf(host: Host): Promise<string> {
  const live = host.kernel === 'absent' ? undefined : await host.readFile('/proc/sys/kernel/hostname');
  const name = (live ?? (await host.readFile('/etc/hostname')) ?? '').trim().toLowerCase();
  return name === '' || name === '(none)' ? 'localhost' : name;
}

/** The host name cannot be the name of a Node. */
export class NodeNameError extends Error {
  override readonly name = 'NodeNameError';
}

/** Default name of this host's Node. Throws `NodeNameError`. */
export async function nodeNameOf(host: Host): Promise<string> {
  const name = await hostNameOf(host);
  const problem = nodeNameProblem(name);
  if (problem === undefined) return name;
  throw new NodeNameError(`Cannot tell the name of the Node: the host name ${problem}; give it with --node-name`);
}
