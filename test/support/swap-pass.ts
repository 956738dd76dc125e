/** Runs the swap area on a `MemoryHost` with its own systemd, through the real engine and ledger. */
import { type SwapBehavior } from '../../src/api/parts/swap.ts';
import { emptySpec, type NodePrepSpec } from '../../src/api/spec/nodeprep.ts';
import type { Memory, Plan } from '../../src/areas/area.ts';
import { swap as area } from '../../src/areas/swap/index.ts';
import type { Host, HostReader, Kernel } from '../../src/host/host.ts';
import { type MemoryFiles, MemoryHost } from '../../src/host/memory/memory-host.ts';
import { swap, swapLine, type SwapOptions } from '../../src/host/memory/swap.ts';
import { createSystemd, type MemorySystemd, type SystemdOptions } from '../../src/host/memory/systemctl.ts';
import { openLedger } from '../../src/reconcile/ledger/ledger.ts';
import { manage } from '../../src/reconcile/pass/pass.ts';
import type { PassContext } from '../../src/reconcile/pass/context.ts';
import type { AreaReport } from '../../src/reconcile/report/report.ts';

const MIB = 1024;
const HEADER = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';

/** A device that is on: path, and KiB in use. */
export type Active = readonly [path: string, usedKib?: number, priority?: number];

/** `/proc/swaps` with the given devices, each of 256 MiB. */
export function swapsText(...devices: readonly Active[]): string {
  const lines = devices.map(
    ([path, usedKib = 0, priority = -2]) => `${swapLine(path, 256 * MIB, usedKib, priority)}\n`,
  );
  return `${HEADER}${lines.join('')}`;
}

/** A Debian-like machine: swap partition in fstab by label, with the links that udev makes. */
export function swapWorld(changes: MemoryFiles = {}): MemoryFiles {
  return {
    '/proc/swaps': swapsText(['/dev/vda2']),
    '/proc/meminfo': 'MemTotal:        2048000 kB\nMemFree:          900000 kB\nMemAvailable:    1600000 kB\n',
    '/proc/cmdline': 'root=/dev/vda1 quiet\n',
    '/dev/vda1': 'disk',
    '/dev/vda2': 'disk',
    '/dev/zram0': 'disk',
    '/dev/disk/by-label/swap': { link: '/dev/vda2' },
    '/dev/disk/by-uuid/3baf-9b': { link: '/dev/vda2' },
    '/etc/fstab': 'LABEL=root / ext4 errors=remount-ro 0 1\nLABEL=swap none swap sw 0 0\n',
    '/run/systemd/system': null,
    '/etc/systemd/system': null,
    '/usr/lib/systemd/system/swap.target': '[Unit]\nDescription=Swaps\n',
    ...changes,
  };
}

/** A machine and its systemd. */
export interface SwapMachine {
  readonly host: MemoryHost;
  readonly systemd: MemorySystemd;
}

/** Makes the machine of `swapWorld`, or one without systemd. */
export function swapMachine(
  changes: MemoryFiles = {},
  options: SystemdOptions & SwapOptions & { readonly kernel?: Kernel; readonly hasSystemd?: boolean } = {},
): SwapMachine {
  const systemd = createSystemd(options);
  const hasSystemd = options.hasSystemd !== false;
  const files = Object.fromEntries(
    Object.entries(swapWorld(changes)).filter(([path]) => hasSystemd || !path.includes('/systemd')),
  );
  const behaviours = [swap(options), ...(hasSystemd ? [systemd.behaviour] : [])];
  return { systemd, host: new MemoryHost(files, { behaviours, kernel: options.kernel ?? 'running' }) };
}

/** A spec that declares swap and nothing else. */
export function swapSpec(behavior: SwapBehavior, changes: Partial<NodePrepSpec> = {}, reserveBytes = 128 * 2 ** 20) {
  return { ...emptySpec('Keep'), swap: { behavior, reserveBytes }, ...changes } satisfies NodePrepSpec;
}

/** The spec of `uninstall`. */
export const REMOVED: NodePrepSpec = emptySpec('Restore');

/** One pass, as the daemon makes it. */
export async function passSwap(
  host: Host,
  spec: NodePrepSpec = swapSpec('Disabled'),
  changes: Partial<PassContext> = {},
): Promise<AreaReport> {
  const ledger = await openLedger(host, () => new Date('2026-01-02T03:04:05Z'));
  const signal = new AbortController().signal;
  return manage(area).reconcile(spec, { host, ledger, signal, clock: () => 0, ...changes });
}

/** The plan alone, with what the ledger of the host remembers. */
export async function planOf(host: Host, spec: NodePrepSpec = swapSpec('Disabled')): Promise<Plan> {
  const desired = area.desired(spec);
  return area.plan(desired, await observed(host, spec), await memoryOf(host));
}

/** What is recorded. */
export async function memoryOf(host: Host): Promise<Memory> {
  return (await openLedger(host, () => new Date())).memory('swap');
}

/** What the area sees. */
export function observed(host: HostReader, spec: NodePrepSpec = swapSpec('Disabled')) {
  return area.observe(host, area.desired(spec), new AbortController().signal);
}

/** The changes of a plan, one line each, as a person would read them. */
export function changeLines(plan: Plan): string[] {
  return plan.steps.flatMap((step) =>
    step.changes.map(
      ({ scope, action, target, from = '-', to = '-', disruption }) =>
        `${scope} ${action} ${target}: ${from} -> ${to}${disruption === 'None' ? '' : ` (${disruption})`}`,
    ),
  );
}

/** The links to /dev/null in /etc/systemd/system. */
export function masks(host: MemoryHost): string[] {
  return [...host.nodes]
    .filter(
      ([path, node]) => path.startsWith('/etc/systemd/system/') && node.type === 'link' && node.target === '/dev/null',
    )
    .map(([path]) => path.slice('/etc/systemd/system/'.length))
    .toSorted();
}

/** Everything but what a boot makes anew, the ledger, and temporary files that a crash leaves. */
export function onDisk(host: MemoryHost): string[] {
  return host
    .toString()
    .split('\n')
    .filter(
      (line) => !/^\/(proc|sys|run|var\/lib\/nodeprep)\//.test(line) && !/^\S*\/\.\S*\.nodeprep\.tmp: /.test(line),
    );
}
