/**
 * Small real systems at native speed: a Debian userland with systemd as process 1 in a container of systemd-nspawn, with
 * the kernel of this machine. A node boots in a second or two, reboots, and loses its power; many run at once. Units and
 * their order, D-Bus, the journal, apt, firewalls, containers, `net.*` parameters and files are real. Modules, swap,
 * controllers of cgroup v2, boot loaders and what a power cut loses are not: those need an emulated machine.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../agent.ts';
import { newFolder } from '../cache.ts';
import { type ExecOptions, type Machine, TOOLS } from '../machine.ts';
import { ownCgroups, removeCgroups } from './own-cgroups.ts';

const BOOT_MS = 120_000;
const COMMAND_MS = 120_000;
/** Image layers are file systems of their own: no overlay works on top of an overlay. */
const OWN_FOLDERS = ['containerd', 'docker', 'kubelet', 'containers'];
/** The file with a disk of its own. */
const DISK = 'disk.img';
const ENVIRONMENT = [
  'HOME=/root',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'LC_ALL=C.UTF-8',
];

/** What a node is made of. */
export interface NodeParts {
  /** The root tree below; never written. */
  readonly tree: string;
  /** A folder that the node sees as `TOOLS`. */
  readonly tools?: string;
  /** Writes files before the first boot, given the folder that lies on top of the root tree. */
  readonly prepare?: (files: string) => void;
  /** Gives the node a disk of its own of that size, which can be full. */
  readonly diskMb?: number;
}

/** A node that is on. */
export interface NativeNode extends Machine {
  /** Copies a file or folder into a folder of the node, which is made when it is missing. */
  readonly copy: (source: string, folder: string) => void;
  /** Process 1 of the node as this machine counts, for its namespaces: another one after each boot. */
  readonly leader: () => number;
}

/** Boots a node on a fresh disk. It ends with the test process. */
export async function bootNode(parts: NodeParts): Promise<NativeNode> {
  const folder = newFolder('nodes');
  for (const name of ['root', 'disk/files', 'disk/work', ...OWN_FOLDERS.map((own) => `lib/${own}`)])
    mkdirSync(join(folder, name), { recursive: true });
  writeUnits(join(folder, 'disk/files'));
  parts.prepare?.(join(folder, 'disk/files'));
  if (parts.diskMb !== undefined) {
    execFileSync('truncate', ['-s', `${parts.diskMb}M`, join(folder, DISK)]);
    execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', join(folder, 'disk'), join(folder, DISK)]);
  }
  const node = nodeIn(folder, parts);
  await node.start();
  return node;
}

/** Puts the first unit of every boot, and that of the runtime, on top of the root tree, so that a change to one leaves the tree as it is. */
function writeUnits(files: string): void {
  const wants = join(files, 'etc/systemd/system/sysinit.target.wants');
  for (const name of [wants, join(files, 'usr/local/sbin')]) mkdirSync(name, { recursive: true });
  copyFileSync(join(import.meta.dirname, 'e2e-boot'), join(files, 'usr/local/sbin/e2e-boot'));
  for (const unit of ['e2e-boot.service', 'containerd.service'])
    copyFileSync(join(import.meta.dirname, unit), join(files, 'etc/systemd/system', unit));
  symlinkSync('../e2e-boot.service', join(wants, 'e2e-boot.service'));
}

/**
 * Runs the node in mount and PID namespaces of its own, which end with it: nothing stays mounted or running, whatever happens.
 * The child's child is systemd-nspawn.
 */
function nspawn(folder: string, { tree, tools }: NodeParts): ChildProcess {
  const root = join(folder, 'root');
  const layers = `lowerdir=${tree},upperdir=disk/files,workdir=disk/work`;
  const ownDisk = existsSync(join(folder, DISK)) ? `mount -o loop ${DISK} disk; ` : '';
  const binds = OWN_FOLDERS.map((name) => `--bind=${join(folder, 'lib', name)}:/var/lib/${name}`);
  if (tools !== undefined) binds.push(`--bind-ro=${tools}:${TOOLS}`);
  const modules = `/lib/modules/${readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()}`;
  if (existsSync(modules)) binds.push(`--bind-ro=${modules}`);
  const log = openSync(join(folder, 'console.log'), 'a');
  // Should this process be killed, the node must not outlive it.
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private'],
      ...['--pid', '--fork', '--kill-child=KILL', '--mount-proc', 'sh', '-euc'],
      `${ownCgroups(nameOf(folder))}${ownDisk}mount -t overlay node -o "$1" root; shift; exec systemd-nspawn "$@"`,
      ...['sh', layers, '--quiet', '--boot', `--directory=${root}`, `--machine=${nameOf(folder)}`],
      ...['--register=no', '--keep-unit', '--private-network', '--link-journal=no', '--resolv-conf=off'],
      // Swap is the machine's.
      ...['--capability=all', '--system-call-filter=@keyring @mount @raw-io bpf ~@swap', '--console=pipe', ...binds],
    ],
    { cwd: folder, stdio: ['ignore', log, log], detached: true },
  );
  closeSync(log);
  return child;
}

function nodeIn(folder: string, parts: NodeParts): NativeNode & { readonly start: () => Promise<void> } {
  let container: ChildProcess | undefined;
  let counter = 0;

  const consoleTail = () => {
    const file = join(folder, 'console.log');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-30).join('\n') : '';
  };
  const leader = () => {
    const pid = leaderOf(container?.pid);
    if (pid === undefined) throw new Error(`The node is off. Its console ends with:\n${consoleTail()}`);
    return pid;
  };
  const enter = (pid: number) => ['--target', `${pid}`, '--all', 'env', '-i', ...ENVIRONMENT];

  const exec = async (script: string, { timeoutMs = COMMAND_MS }: ExecOptions = {}): Promise<Answer> => {
    const file = join(folder, `output.${++counter}`);
    const output = openSync(file, 'w');
    // Not a pipe: what a script leaves running in the node may keep its output open.
    const child = spawn('nsenter', [...enter(leader()), 'bash', '-c', `cd /root\n${script}`], {
      stdio: ['ignore', output, output],
      detached: true,
    });
    closeSync(output);
    const exitCode = await exitOf(child, timeoutMs);
    const text = readFileSync(file, 'utf8');
    rmSync(file);
    if (exitCode === undefined)
      throw new Error(`The node gave no answer within ${timeoutMs / 1000} s: ${script.slice(0, 200)}\n${text}`);
    return { exitCode, output: text };
  };
  const run = async (script: string, options: ExecOptions = {}) => {
    const { exitCode, output } = await exec(script, options);
    if (exitCode !== 0) throw new Error(`Exit code ${exitCode} in the node: ${script}\n${output}`);
    return output.trimEnd();
  };
  const start = async () => {
    container = nspawn(folder, parts);
    const failed = new Promise<never>((_, reject) => {
      container?.once('error', reject);
      container?.once('exit', () => reject(new Error(`The node did not boot:\n${consoleTail()}`)));
    });
    failed.catch(() => undefined);
    await Promise.race([failed, hasBegun(container, consoleTail)]);
    await exec('systemctl is-system-running --wait', { timeoutMs: BOOT_MS });
  };
  const kill = async () => {
    const ended = container;
    container = undefined;
    if (ended === undefined) return;
    const pid = leaderOf(ended.pid);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    ended.kill('SIGKILL');
    await exitOf(ended, BOOT_MS);
  };

  return {
    exec,
    run,
    put: async (path, text) => {
      const command = ['sh', '-ec', 'mkdir -p "$1"; exec cat >"$2"', 'sh', dirname(path), path];
      execFileSync('nsenter', [...enter(leader()), ...command], { input: text });
    },
    copy: (source, target) => {
      const archive = execFileSync('tar', ['-C', dirname(source), '-cf', '-', basename(source)], {
        maxBuffer: 2 ** 30,
      });
      const command = [...enter(leader()), 'sh', '-ec', 'mkdir -p "$1"; exec tar -C "$1" -xf -', 'sh', target];
      execFileSync('nsenter', command, { input: archive });
    },
    reboot: async () => {
      await run('systemctl --no-block reboot');
      if (container !== undefined && (await exitOf(container, BOOT_MS)) === undefined)
        throw new Error(`The node did not go down:\n${consoleTail()}`);
      await start();
    },
    powerCycle: async () => {
      await kill();
      await start();
    },
    stop: async () => {
      await kill();
      await removeCgroups(nameOf(folder));
      rmSync(folder, { recursive: true, force: true });
    },
    console: consoleTail,
    leader,
    start,
  };
}

/** The name of a node, and of its cgroups. */
function nameOf(folder: string): string {
  return `e2e-${basename(folder)}`;
}

/** Waits until the node's own first unit has run: before, its process 1 may still be in our root. */
async function hasBegun(container: ChildProcess, consoleTail: () => string): Promise<void> {
  const deadline = Date.now() + BOOT_MS;
  for (;;) {
    const pid = leaderOf(container.pid);
    if (pid !== undefined && existsSync(`/proc/${pid}/root/run/e2e-boot`)) return;
    if (Date.now() > deadline) throw new Error(`The node did not boot in time:\n${consoleTail()}`);
    await sleep(20);
  }
}

/** Process 1 of the node: the child of systemd-nspawn, which is the child of what was started. */
function leaderOf(pid: number | undefined): number | undefined {
  return childOf(childOf(pid));
}

function childOf(pid: number | undefined): number | undefined {
  try {
    const child = Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
    return Number.isNaN(child) ? undefined : child;
  } catch {
    return undefined;
  }
}

/** How a process ended, 128 and the rest for a signal; `undefined` when it had to be killed after that time. */
async function exitOf(child: ChildProcess, timeoutMs: number): Promise<number | undefined> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? 128;
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, timeoutMs);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      resolve(isLate ? undefined : (code ?? 128));
    });
  });
}
