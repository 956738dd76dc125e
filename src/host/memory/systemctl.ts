/**
 * A small systemd for a `MemoryHost`, as far as swap goes: generators, masks, what a reload does and
 * does not notice, and systemd's habit of starting whatever swap.target wants with the next service.
 */
import { CommandError } from '../errors.ts';
import type { Command, CommandOutput } from '../host.ts';
import type { MemoryBehaviour, MemoryHost } from './memory-host.ts';
import { activateSwap, activeSwaps, dropSwaps } from './swap.ts';
import { type LoadedUnit, type LoadedUnits, loadUnits, runGenerators, unitOf } from './systemd-units.ts';

/** The machine that this systemd runs on. */
export interface SystemdOptions {
  /** A GPT swap partition, for systemd-gpt-auto-generator. */
  readonly gptSwap?: string;
  /** Services by name with the swap that they turn on. */
  readonly services?: Readonly<Record<string, string>>;
}

/** A systemd with its memory: what it has loaded, and which services run. */
export interface MemorySystemd {
  readonly behaviour: MemoryBehaviour;
  /** Everything that a boot does about swap. */
  readonly boot: (host: MemoryHost) => void;
  /** Starts an unrelated service: systemd pulls in sysinit.target and with it swap.target. */
  readonly startSomething: (host: MemoryHost) => void;
}

const done: CommandOutput = { stdout: '', stderr: '' };

/** A systemd that loads its units when it is first asked, or at `boot`. */
export function createSystemd(options: SystemdOptions = {}): MemorySystemd {
  const services = options.services ?? {};
  const running = new Set<string>();
  let loaded: LoadedUnits | undefined;

  const reload = (host: MemoryHost): LoadedUnits => {
    runGenerators(host, options.gptSwap);
    loaded = loadUnits(host, Object.keys(services));
    return loaded;
  };
  const known = (host: MemoryHost): LoadedUnits => loaded ?? reload(host);
  const start = (host: MemoryHost, unit: LoadedUnit): void => {
    if (unit.load === 'masked' || unit.isNeverStarted) return;
    if (unit.name.endsWith('.service')) running.add(unit.name);
    const what = unit.name.endsWith('.service') ? services[unit.name] : unit.what;
    if (what !== undefined && what !== '') activateSwap(host, realOf(host, what));
  };
  const startWanted = (host: MemoryHost): void => {
    const { units, wanted } = known(host);
    if (units.get('swap.target')?.load === 'masked') return;
    for (const name of wanted) {
      const unit = units.get(name);
      if (unit !== undefined) start(host, unit);
    }
  };
  const startNamed = (host: MemoryHost, name: string, command: Command): CommandOutput => {
    const unit = known(host).units.get(name);
    if (unit === undefined) throw failed(command, 5, `Failed to start ${name}: Unit ${name} not found.`);
    if (unit.load === 'masked') throw failed(command, 1, `Failed to start ${name}: Unit ${name} is masked.`);
    start(host, unit);
    return done;
  };
  const stopNamed = (host: MemoryHost, name: string): CommandOutput => {
    running.delete(name);
    // A masked unit has lost its ExecStop, so its swap stays on.
    const device = known(host).units.get(name)?.load === 'loaded' ? services[name] : undefined;
    if (device !== undefined) withoutSwap(host, device);
    return done;
  };

  return {
    behaviour: {
      commands: {
        systemctl: (host, args, command) => {
          const [verb = ''] = args;
          const operands = args.slice(args.indexOf('--') + 1);
          if (verb === 'daemon-reload') reload(host);
          else if (verb === 'show') return { stdout: show(host, known(host), operands, running), stderr: '' };
          else if (verb === 'start') return startNamed(host, operands[0] ?? '', command);
          else if (verb === 'stop') return stopNamed(host, operands[0] ?? '');
          else throw failed(command, 1, `Unknown command verb ${verb}.`);
          return done;
        },
        'systemd-run': (host, args, command) => runAsService(host, args.slice(args.indexOf('--') + 1), command),
      },
    },
    boot: (host) => {
      dropSwaps(host);
      running.clear();
      const { units } = reload(host);
      startWanted(host);
      for (const name of Object.keys(services)) {
        const unit = units.get(name);
        if (unit !== undefined) start(host, unit);
      }
    },
    startSomething: startWanted,
  };
}

function show(
  host: MemoryHost,
  { units }: LoadedUnits,
  patterns: readonly string[],
  running: ReadonlySet<string>,
): string {
  const active = new Set(activeSwaps(host));
  const blocks = new Map<string, string>();
  const block = (name: string, unit: LoadedUnit | undefined, what: string, load: string, following = '') => {
    const isActive = running.has(name) || active.has(realOf(host, what));
    const dropIns = (unit?.dropIns ?? []).map((path) => (path.includes('\\') ? JSON.stringify(path) : path)).join(' ');
    const lines = [
      `What=${what}`,
      `Id=${name}`,
      `Following=${following}`,
      `LoadState=${load}`,
      `ActiveState=${isActive ? 'active' : 'inactive'}`,
      `FragmentPath=${unit?.fragment ?? ''}`,
      `SourcePath=${unit?.source ?? ''}`,
      `DropInPaths=${dropIns}`,
    ];
    blocks.set(name, `${lines.join('\n')}\n`);
  };
  for (const unit of units.values()) block(unit.name, unit, unit.what, unit.load);
  // While a device is on it has a unit for each of its names; those without a file vanish with swapoff.
  for (const path of active) {
    const following =
      [...units.values()].find((unit) => unit.what !== '' && realOf(host, unit.what) === path)?.name ?? '';
    for (const name of namesOf(host, path)) {
      if (!blocks.has(unitOf(name))) block(unitOf(name), undefined, name, 'loaded', following);
    }
  }
  const matches = (name: string) =>
    patterns.some((one) => one === name || (one === '*.swap' && name.endsWith('.swap')));
  for (const name of patterns) if (!name.includes('*') && !blocks.has(name)) block(name, undefined, '', 'not-found');
  return [...blocks]
    .filter(([name]) => matches(name))
    .map(([, text]) => text)
    .join('\n');
}

/** A device with all links below /dev/disk that lead to it. */
function namesOf(host: MemoryHost, path: string): string[] {
  const links = [...host.nodes].filter(([name, node]) => name.startsWith('/dev/disk/') && node.type === 'link');
  return [path, ...links.map(([name]) => name).filter((name) => realOf(host, name) === path)];
}

function realOf(host: MemoryHost, path: string): string {
  const node = host.nodes.get(path);
  return node?.type === 'link' ? node.target : path;
}

/** Process 1 may do what its caller is refused. */
function runAsService(host: MemoryHost, [program, ...args]: readonly string[], command: Command): CommandOutput {
  const path = args.at(-1) ?? '';
  if (program === 'swapoff') withoutSwap(host, path);
  else if (program !== 'swapon') throw failed(command, 203, `Failed to find executable ${program}`);
  else {
    const problem = activateSwap(host, path, args[0] === '-p' ? Number(args[1]) : undefined);
    if (problem !== undefined) throw failed(command, 255, `swapon: ${path}: ${problem}`);
  }
  return done;
}

function withoutSwap(host: MemoryHost, path: string): void {
  const lines = (host.text('/proc/swaps') ?? '').split('\n');
  host.put('/proc/swaps', lines.filter((line) => line.split(/\s/)[0] !== path).join('\n'));
}

function failed(command: Command, exitCode: number, stderr: string): CommandError {
  return new CommandError(command, { exitCode, stderr: `${stderr}\n`, detail: stderr });
}
