/** Runs the area bootParameters on a `MemoryHost` with GRUB, through the real engine and ledger. */
import type { NodePrepSpecSource } from '../../src/api/spec/nodeprep.ts';
import { emptySpec, type NodePrepSpec } from '../../src/api/spec/nodeprep.ts';
import { bootParameters as part } from '../../src/api/parts/boot-parameters.ts';
import { bootParameters as area } from '../../src/areas/boot-parameters/index.ts';
import { grub, grubFiles, type GrubOptions } from '../../src/host/memory/grub.ts';
import { type MemoryFiles, MemoryHost } from '../../src/host/memory/memory-host.ts';
import { openLedger } from '../../src/reconcile/ledger/ledger.ts';
import type { PassContext } from '../../src/reconcile/pass/context.ts';
import { manage } from '../../src/reconcile/pass/pass.ts';
import type { AreaReport } from '../../src/reconcile/report/report.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** What the boot loader of the tests starts with. */
export const GRUB_CFG = '/boot/grub/grub.cfg';
/** The file of our own. */
export const DROP_IN = '/etc/default/grub.d/zz-nodeprep.cfg';

type Entries = NonNullable<NodePrepSpecSource['bootParameters']>;

/** A machine that GRUB started, with cgroup v2. */
export function grubHost(files: MemoryFiles = {}, options: GrubOptions = {}): MemoryHost {
  const all = {
    ...grubFiles(),
    '/proc/cmdline': 'BOOT_IMAGE=/boot/vmlinuz-6.1.0-18-amd64 root=UUID=6a6f7d4a ro quiet\n',
    [BOOT_ID]: 'first-boot\n',
    '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n',
    ...files,
  };
  return new MemoryHost(all, { behaviours: [grub(options)] });
}

/** A spec that declares boot parameters and nothing else. */
export function bootSpec(...entries: Entries): NodePrepSpec {
  return { ...emptySpec('Keep'), bootParameters: part.expand(entries) };
}

/** One pass, as the daemon makes it. */
export async function passBoot(
  host: MemoryHost,
  spec: NodePrepSpec,
  context: Partial<PassContext> = {},
): Promise<AreaReport> {
  const ledger = await openLedger(host, () => new Date('2026-01-02T03:04:05Z'));
  const signal = new AbortController().signal;
  return manage(area).reconcile(spec, { host, ledger, signal, clock: () => 0, ...context });
}

/** Starts the machine again with the first entry of grub.cfg, or with this line. */
export function rebootInto(host: MemoryHost, boot: string, line?: string): void {
  const entry = /\tlinux\t(\S+) (.*)/.exec(host.text(GRUB_CFG) ?? '');
  host.put('/proc/cmdline', `${line ?? `BOOT_IMAGE=${entry?.[1]} ${entry?.[2]}`}\n`);
  host.put(BOOT_ID, `${boot}\n`);
}

/** The lines of grub.cfg that start a kernel. */
export function linuxLines(host: MemoryHost): readonly string[] {
  return (host.text(GRUB_CFG) ?? '').split('\n').filter((line) => line.startsWith('\tlinux'));
}

/** What is looked at for `explain` and `verify`. */
export function inspectBoot(host: MemoryHost, spec: NodePrepSpec) {
  return manage(area).inspect(spec, host, new AbortController().signal);
}
