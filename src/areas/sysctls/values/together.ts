/** Parameters that brick a node only by what they say together: declared ones, and the rest as the kernel has it. Pure. */
import type { MemorySize } from './memory.ts';
import { parseNumber, parseNumbers, parseRanges } from './parse.ts';

const PORTS = ['net.ipv4.ip_local_port_range', 'net.ipv4.ip_local_reserved_ports'] as const;
const MEMORY = ['vm.overcommit_memory', 'vm.overcommit_ratio', 'vm.overcommit_kbytes'] as const;

/** The other parameters that a value is judged with; none for most. */
export function companionsOf(name: string): readonly string[] {
  const group = [PORTS, MEMORY].find((names: readonly string[]) => names.includes(name)) ?? [];
  return group.filter((other) => other !== name);
}

/** Whether the kernel sets the one parameter to 0 when the other is written. */
export function isZeroedBy(name: string, written: string): boolean {
  const [, ratio, kbytes] = MEMORY;
  return (name === ratio && written === kbytes) || (name === kbytes && written === ratio);
}

/** Connections of a node to one other address; each takes a port. */
const FEWEST_PORTS = 100;
/** What the kernel may promise to programs in all: enough for systemd, sshd and a kubelet, or the share that a small machine has by default. */
const LEAST_KIB = 512 * 1024;
const LEAST_SHARE = 0.4;

/** Why the values leave a node unusable; `undefined` when they do not. `valueOf` gives what each parameter will be. */
export function togetherProblem(
  name: string,
  valueOf: (name: string) => string | undefined,
  memory: MemorySize,
): string | undefined {
  if ((PORTS as readonly string[]).includes(name)) return portsProblem(valueOf);
  return (MEMORY as readonly string[]).includes(name) ? promiseProblem(valueOf, memory) : undefined;
}

function portsProblem(valueOf: (name: string) => string | undefined): string | undefined {
  const [from, to] = parseNumbers(valueOf(PORTS[0]) ?? '') ?? [];
  if (from === undefined || to === undefined) return undefined;
  const [first, last] = [Number(from), Number(to)];
  const taken = (parseRanges(valueOf(PORTS[1]) ?? '') ?? [])
    .map(([low, high]) => Math.min(high, last) - Math.max(low, first) + 1)
    .filter((ports) => ports > 0)
    .reduce((sum, ports) => sum + ports, 0);
  const free = Math.max(last - first + 1 - taken, 0);
  if (free >= FEWEST_PORTS) return undefined;
  return `${PORTS[0]} "${first} ${last}" without ${PORTS[1]} leaves ${free} ports for connections of the node, and the kubelet and DNS need at least ${FEWEST_PORTS}`;
}

function promiseProblem(valueOf: (name: string) => string | undefined, { totalKib }: MemorySize): string | undefined {
  const [mode, ratio, kbytes] = MEMORY.map((name) => parseNumber(valueOf(name) ?? ''));
  if (mode !== 2n || totalKib === undefined) return undefined;
  const promised = kbytes !== undefined && kbytes > 0n ? Number(kbytes) : (totalKib * Number(ratio ?? 50n)) / 100;
  const least = Math.min(LEAST_KIB, totalKib * LEAST_SHARE);
  if (promised >= least) return undefined;
  return `vm.overcommit_memory=2 lets programs have ${Math.floor(promised)} KiB in all, by vm.overcommit_ratio or vm.overcommit_kbytes, and with less than ${Math.ceil(least)} no program of the node can be started`;
}
