/**
 * Small emulated machines: a Linux kernel, systemd, disks, reboots and power cuts, under QEMU. A machine is
 * booted from an image or restored, running, from a snapshot. Every machine ends with the test process.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Agent, type Answer, connectAgent } from './agent.ts';
import { newFolder } from './cache.ts';
import { type MachineParts, qemuArguments } from './qemu-arguments.ts';
import { connectMonitor, freeze, type Monitor, thaw } from './qmp.ts';

/** Where a machine sees what is under test. */
export const TOOLS = '/opt/e2e';

/** Emulation on a busy computer: a boot takes 15 to 30 seconds, and three times that when others work too. */
const BOOT_MS = 400_000;
const COMMAND_MS = 120_000;

/** Options of one command. */
export interface ExecOptions {
  readonly timeoutMs?: number;
  /** The second port, for when the first one waits for something that hangs. */
  readonly port?: 0 | 1;
}

/** A system that is on: an emulated machine or a native node. */
export interface Machine {
  /** Runs a bash script as root. Rejects only when no answer comes. */
  readonly exec: (script: string, options?: ExecOptions) => Promise<Answer>;
  /** Runs a bash script that must succeed; resolves with its output without trailing white space. */
  readonly run: (script: string, options?: ExecOptions) => Promise<string>;
  /** Writes a text file. */
  readonly put: (path: string, text: string) => Promise<void>;
  /** A real reboot from inside; resolves when the machine has finished booting. */
  readonly reboot: () => Promise<void>;
  /** Ends the machine as a power cut would and boots it again. */
  readonly powerCycle: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** The last lines of the serial console, for messages about failures. */
  readonly console: () => string;
}

/** A machine with a kernel of its own. What only its page cache held is lost at a power cut. */
export interface EmulatedMachine extends Machine {
  /** A power cut; `append` is the kernel command line from then on. */
  readonly powerCycle: (append?: string) => Promise<void>;
  /** Freezes the machine into a folder, from which `restoreMachine` continues it. It ends here. */
  readonly save: (folder: string) => Promise<void>;
  /** Processor time that the machine has taken until now: says more than the clock where others work, too. */
  readonly processorSeconds: () => number;
}

const running = new Set<{ readonly process: ChildProcess; readonly folder: string }>();
process.on('exit', () => {
  for (const one of running) {
    one.process.kill('SIGKILL');
    rmSync(one.folder, { recursive: true, force: true });
  }
});

/** Boots a machine from the image on a fresh disk. */
export async function bootMachine(parts: MachineParts): Promise<EmulatedMachine> {
  const folder = newFolder('machines');
  overlay(join(parts.image, 'disk.qcow2'), folder);
  const machine = machineIn(folder, parts);
  await machine.start([]);
  await machine.booted();
  return machine;
}

/** Continues a machine from a snapshot, on a fresh disk. `saveable` copies its memory, so that it can be saved again. */
export async function restoreMachine(
  snapshot: string,
  parts: Partial<MachineParts> = {},
  saveable = false,
): Promise<EmulatedMachine> {
  const folder = newFolder('machines');
  overlay(join(snapshot, 'disk.qcow2'), folder);
  const saved = JSON.parse(readFileSync(join(snapshot, 'parts.json'), 'utf8')) as MachineParts;
  const machine = machineIn(folder, { ...saved, ...parts });
  if (saveable) execFileSync('cp', ['--sparse=always', '--reflink=auto', join(snapshot, 'ram'), join(folder, 'ram')]);
  await machine.start(['-incoming', 'defer'], saveable ? undefined : join(snapshot, 'ram'));
  await machine.thaw(join(snapshot, 'state'));
  await machine.run(`date -s @${(Date.now() / 1000).toFixed(3)} >/dev/null`);
  return machine;
}

/** User and system time of a process; 0 when it has ended. */
function secondsOf(pid: number | undefined): number {
  const file = `/proc/${pid}/stat`;
  if (pid === undefined || !existsSync(file)) return 0;
  const fields = readFileSync(file, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function rejectLater(error: unknown): Promise<never> {
  await sleep(500);
  throw error;
}

function overlay(backing: string, folder: string): void {
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', backing, '-F', 'qcow2', join(folder, 'disk.qcow2')]);
}

interface StartableMachine extends EmulatedMachine {
  readonly start: (extra: readonly string[], sharedRam?: string) => Promise<void>;
  readonly booted: () => Promise<void>;
  readonly thaw: (stateFile: string) => Promise<void>;
}

function machineIn(folder: string, parts: MachineParts): StartableMachine {
  let qemu: { readonly process: ChildProcess; readonly folder: string } | undefined;
  let agents: readonly [Agent, Agent] | undefined;
  let monitor: Monitor | undefined;
  let append = parts.append;
  let spentSeconds = 0;

  const consoleTail = () => {
    const file = join(folder, 'console.log');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-30).join('\n') : '';
  };
  const agent = (port: 0 | 1) => {
    if (agents === undefined) throw new Error('The machine is off');
    return agents[port];
  };
  const exec = async (script: string, options: ExecOptions = {}): Promise<Answer> => {
    try {
      return await agent(options.port ?? 0).exec(script, options.timeoutMs ?? COMMAND_MS);
    } catch (error) {
      throw new Error(`${(error as Error).message}\nIts console ends with:\n${consoleTail()}`, { cause: error });
    }
  };
  const run = async (script: string, options: ExecOptions = {}) => {
    const { exitCode, output } = await exec(script, options);
    if (exitCode !== 0) throw new Error(`Exit code ${exitCode} in the machine: ${script}\n${output}`);
    return output.trimEnd();
  };
  const kill = async () => {
    monitor?.close();
    for (const one of agents ?? []) one.close();
    monitor = undefined;
    agents = undefined;
    const ended = qemu;
    spentSeconds += secondsOf(ended?.process.pid);
    qemu = undefined;
    if (ended === undefined) return;
    await new Promise<void>((resolve) => {
      if (ended.process.exitCode !== null || ended.process.signalCode !== null) return resolve();
      ended.process.once('exit', () => resolve());
      ended.process.kill('SIGKILL');
    });
    running.delete(ended);
  };
  const mountTools = () =>
    // A snapshot may hold blocks of an older second disk in its cache.
    run(`blockdev --flushbufs /dev/vdb; mkdir -p ${TOOLS}; mountpoint -q ${TOOLS} || mount -o ro /dev/vdb ${TOOLS}`);

  const start = async (extra: readonly string[], sharedRam?: string) => {
    for (const name of ['agent0', 'agent1', 'monitor']) rmSync(join(folder, name), { force: true });
    const arguments_ = qemuArguments(folder, { ...parts, append }, sharedRam);
    const log: string[] = [];
    // Should this process be killed, the machine must not outlive it.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...arguments_, ...extra], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => log.push(String(chunk)));
    qemu = { process: child, folder };
    running.add(qemu);
    const failed = new Promise<never>((_, reject) => {
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`QEMU did not start: ${log.join('')}`)));
    });
    failed.catch(() => undefined);
    const connected = Promise.all([
      connectAgent(join(folder, 'agent0'), 20_000),
      connectAgent(join(folder, 'agent1'), 20_000),
      connectMonitor(join(folder, 'monitor'), 20_000),
    ]);
    // QEMU that ends breaks its connections too; its own words say more.
    const [first, second, qmp] = await connected.catch((error: unknown) => Promise.race([failed, rejectLater(error)]));
    agents = [first, second];
    monitor = qmp;
  };
  const settle = async (boots: readonly Promise<string>[]) => {
    try {
      await Promise.all(boots);
    } catch (error) {
      throw new Error(`The machine did not boot: ${(error as Error).message}\n${consoleTail()}`, { cause: error });
    }
    await exec('systemctl is-system-running --wait', { timeoutMs: BOOT_MS });
    await mountTools();
  };
  const boots = () => [agent(0).nextBoot(BOOT_MS), agent(1).nextBoot(BOOT_MS)];

  return {
    exec,
    run,
    put: async (path, text) => {
      const encoded = Buffer.from(text).toString('base64');
      await run(`mkdir -p "$(dirname '${path}')" && base64 -d <<<'${encoded}' >'${path}'`);
    },
    reboot: async () => {
      await run('systemd-run -q --on-active=0.2 --timer-property=AccuracySec=1ms systemctl reboot');
      await settle(boots());
    },
    powerCycle: async (nextAppend) => {
      await kill();
      append = nextAppend ?? append;
      rmSync(join(folder, 'ram'), { force: true });
      await start([]);
      await settle(boots());
    },
    save: async (target) => {
      await run(`umount ${TOOLS}; sync`);
      if (monitor === undefined) throw new Error('The machine is off');
      const state = join(folder, 'state');
      await freeze(monitor, state);
      await kill();
      for (const name of ['disk.qcow2', 'ram', 'state']) {
        execFileSync('cp', ['--sparse=always', '--reflink=auto', join(folder, name), join(target, name)]);
      }
      writeFileSync(join(target, 'parts.json'), JSON.stringify({ ...parts, append }));
      rmSync(folder, { recursive: true, force: true });
    },
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
    processorSeconds: () => spentSeconds + secondsOf(qemu?.process.pid),
    console: consoleTail,
    start,
    booted: () => settle(boots()),
    thaw: async (stateFile) => {
      if (monitor === undefined) throw new Error('The machine is off');
      await thaw(monitor, stateFile);
      await mountTools();
    },
  };
}
