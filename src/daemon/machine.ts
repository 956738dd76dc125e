/** Builds what every command needs: the host, the areas and the clocks. */
import { everyArea } from '../areas/index.ts';
import type { Host } from '../host/host.ts';
import { createLinuxHost } from '../host/linux/linux-host.ts';
import { manage, type ManagedArea } from '../reconcile/pass.ts';

/** The machine a command works on. */
export interface Machine {
  /** `/`, or the directory given with `--root`. */
  readonly root: string;
  /** The host that is made ready. */
  readonly host: Host;
  /** The machine the command was typed on; named files are read from here. */
  readonly here: Host;
  readonly areas: readonly ManagedArea[];
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly now: () => Date;
}

/** Throws `HostFileError` when `root` is not a directory. */
export function openMachine(root: string): Machine {
  const here = createLinuxHost({});
  return {
    root,
    host: root === '/' ? here : createLinuxHost({ root }),
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
