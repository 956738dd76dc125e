/**
 * swapoff, swapon and the kernel's swap table on a `MemoryHost`: turning a device off needs memory
 * for what is on it, as the kernel does, and `/proc/swaps` and `/proc/meminfo` show the result.
 */
import { CommandError, CommandMissingError } from '../errors.ts';
import type { Command, CommandOutput } from '../host.ts';
import type { MemoryBehaviour, MemoryHost } from './memory-host.ts';

/** What this machine's swap does, beyond what its files say. */
export interface SwapOptions {
  /** Devices whose swapoff never ends, so that the time limit strikes. */
  readonly hanging?: readonly string[];
  /** Devices whose swapoff and swapon fail, with what the command says. */
  readonly failing?: Readonly<Record<string, string>>;
  /** False for a machine without util-linux. Default true. */
  readonly hasCommands?: boolean;
}

const SWAPS = '/proc/swaps';
const MEMINFO = '/proc/meminfo';
const HEADER = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
const done: CommandOutput = { stdout: '', stderr: '' };

/** The behaviour of swapoff and swapon. */
export function swap(options: SwapOptions = {}): MemoryBehaviour {
  const guarded = (run: (host: MemoryHost, args: readonly string[], command: Command) => CommandOutput) => {
    return (host: MemoryHost, args: readonly string[], command: Command) => {
      if (options.hasCommands === false) throw new CommandMissingError(command, `there is no "${command[0]}"`);
      return run(host, args, command);
    };
  };
  return {
    commands: {
      swapoff: guarded((host, args, command) => swapoff(host, args, command, options)),
      swapon: guarded((host, args, command) => swapon(host, args, command, options)),
    },
  };
}

/** A line of `/proc/swaps` as the kernel writes it. */
export function swapLine(path: string, sizeKib: number, usedKib: number, priority: number): string {
  const name = path.replaceAll(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
  const type = path.startsWith('/dev/') ? 'partition' : 'file\t';
  return `${name.padEnd(40)}${type}\t${sizeKib}\t\t${usedKib}\t\t${priority}`;
}

/** The paths of the active devices. */
export function activeSwaps(host: MemoryHost): string[] {
  return linesOf(host).map(pathOf);
}

/** Turns a device on; returns what swapon would say when that fails. */
export function activateSwap(host: MemoryHost, path: string, priority?: number): string | undefined {
  const node = host.nodes.get(path);
  if (node === undefined || node.type === 'directory') return 'cannot open: No such file or directory';
  const lines = linesOf(host);
  if (lines.some((line) => pathOf(line) === path)) return 'swapon failed: Device or resource busy';
  const given = Math.min(-1, ...lines.map((line) => Number(line.split(/\s+/).at(-1)))) - 1;
  write(host, [...lines, swapLine(path, 262_140, 0, priority ?? given)]);
  return undefined;
}

/** Turns a device off without asking for memory, as a power cut does. */
export function dropSwaps(host: MemoryHost): void {
  write(host, []);
}

function swapoff(host: MemoryHost, args: readonly string[], command: Command, options: SwapOptions): CommandOutput {
  const path = operandOf(args, command);
  const fail = (stderr: string): never => {
    throw new CommandError(command, { exitCode: 4, stderr: `swapoff: ${path}: ${stderr}\n`, detail: stderr });
  };
  const failing = options.failing?.[path];
  if (failing !== undefined) return fail(failing);
  if (options.hanging?.includes(path) === true)
    throw new CommandError(command, { timedOut: true, detail: 'timed out' });
  const lines = linesOf(host);
  const line = lines.find((one) => pathOf(one) === path);
  if (line === undefined) return fail('swapoff failed: Invalid argument');
  const usedKib = Number(line.split(/\s+/).at(-2));
  const availableKib = Number(
    /^MemAvailable:\s+(\d+)/m.exec(host.text(MEMINFO) ?? '')?.[1] ?? Number.POSITIVE_INFINITY,
  );
  if (usedKib > availableKib) return fail('swapoff failed: Cannot allocate memory');
  host.put(MEMINFO, (host.text(MEMINFO) ?? '').replace(/^(MemAvailable:\s+)\d+/m, `$1${availableKib - usedKib}`));
  write(
    host,
    lines.filter((one) => one !== line),
  );
  return done;
}

function swapon(host: MemoryHost, args: readonly string[], command: Command, options: SwapOptions): CommandOutput {
  const path = operandOf(args, command);
  const priority = args[0] === '-p' ? Number(args[1]) : undefined;
  const problem = options.failing?.[path] ?? activateSwap(host, path, priority);
  if (problem === undefined) return done;
  throw new CommandError(command, { exitCode: 255, stderr: `swapon: ${path}: ${problem}\n`, detail: problem });
}

function operandOf(args: readonly string[], command: Command): string {
  const at = args.indexOf('--');
  const path = args[at + 1];
  if (at < 0 || path === undefined) throw new CommandError(command, { exitCode: 16, detail: 'bad usage' });
  return path;
}

function linesOf(host: MemoryHost): string[] {
  return (host.text(SWAPS) ?? '').split('\n').slice(1).filter(Boolean);
}

function pathOf(line: string): string {
  const name = line.split(/\s+/)[0] ?? '';
  return name.replaceAll(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function write(host: MemoryHost, lines: readonly string[]): void {
  host.put(SWAPS, `${HEADER}${lines.map((line) => `${line}\n`).join('')}`);
}
