/**
 * A host with a pod on it, on a real kernel and without harm: the host is a set of namespaces with a
 * process 1 of its own, the pod another root in it, put together as a container runtime does, with
 * all of the host mounted at /host.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import type { Finished } from './nodeprep-process.ts';

const PROJECT = join(import.meta.dirname, '../..');
const HOSTS = join(import.meta.dirname, 'hosts');
const HOST_NAMESPACES = ['--mount', '--net', '--pid', '--ipc', '--uts'];

/** Why this machine cannot give such a world, `undefined` when it can. */
export function podWorldObstacle(): string | undefined {
  const missing = ['curl', 'ip'].filter((tool) => spawnSync(tool, ['-V']).error !== undefined);
  if (missing.length > 0) return `needs ${missing.join(' and ')}`;
  const tried = spawnSync(
    'unshare',
    [...HOST_NAMESPACES, '--fork', '--mount-proc', 'mount', '-t', 'tmpfs', 'none', '/mnt'],
    {
      encoding: 'utf8',
    },
  );
  if (tried.status === 0) return undefined;
  return `needs root and "unshare ${HOST_NAMESPACES.join(' ')}": ${tried.error?.message ?? tried.stderr.trim()}`;
}

/** A started nodeprep. */
export interface Agent {
  /** As its own host counts processes. */
  readonly pid: () => number;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
  readonly kill: (signal: 'KILL' | 'TERM' | 'STOP' | 'CONT') => void;
}

/** How a pod differs from the one in the manifests. */
export interface PodOptions {
  /** Namespaces that are the pod's own instead of the host's. */
  readonly own?: readonly ('net' | 'ipc' | 'uts' | 'pid')[];
  /** What is mounted at /host, and how. */
  readonly host?: 'recursive' | 'flat' | 'nothing';
  /** The only capabilities it has, and no new privileges, as `capabilities.add` after `drop: [ALL]`. */
  readonly capabilities?: readonly string[];
}

export interface PodWorld {
  /** Runs shell lines on the host; throws when they fail. */
  readonly sh: (script: string) => string;
  /** Runs `nodeprep` on the host. */
  readonly onHost: (args: readonly string[], stdin?: string) => Finished;
  /** Runs `nodeprep` in a pod. */
  readonly inPod: (args: readonly string[], options?: PodOptions) => Finished;
  /** Runs an ES module in a pod; prints what it prints. */
  readonly moduleInPod: (module: string, options?: PodOptions) => Finished;
  /** Starts an ES module on the host. */
  readonly startModule: (module: string) => Agent;
  readonly startOnHost: (args: readonly string[]) => Agent;
  readonly startInPod: (args: readonly string[]) => Agent;
}

const HOST = `
mount --make-rprivate /
for d in /etc /run /var/lib /usr/local/sbin; do mount -t tmpfs -o size=64m,mode=755 none $d; done
cp -a "$1/debian-12/root/etc/." /etc/
ip link set lo up 2>/dev/null || true
echo ready
exec sleep 3600
`;

/** $1 the project, $2 the directory of node, $3 how /host is mounted; the rest is the command. */
const POD = `
project=$1; node=$2; host=$3; shift 3
mount --make-rprivate /
image=/mnt
mount -t tmpfs -o mode=755 none $image
cd $image
mkdir -p host proc dev usr tmp etc .old ".$project" ".$node"
if [ $host = recursive ]; then mount --rbind / host; fi
if [ $host = flat ]; then mount --bind / host; fi
mount -t proc none proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --bind /dev dev
mount --bind /usr usr
for d in bin sbin lib lib64; do
  if [ -L /$d ]; then ln -s "$(readlink /$d)" $d; elif [ -d /$d ]; then mkdir $d; mount --bind /$d $d; fi
done
mount --bind "$project" ".$project"
mount --bind "$node" ".$node"
mount -o remount,ro .
pivot_root . .old
umount -l .old
cd /
echo "pid $$"
exec "$@"
`;

/** A capability that this machine does not have cannot be kept. */
function restrictedTo(capabilities: readonly string[]): readonly string[] {
  const kept = capabilities.map((name) => `,+${name.toLowerCase()}`).join('');
  return ['setpriv', '--no-new-privs', '--inh-caps=-all', `--bounding-set=-all${kept}`, '--'];
}

/** A fresh host that ends with the test. */
export async function podWorld(): Promise<PodWorld> {
  const holder = spawn(
    'unshare',
    [...HOST_NAMESPACES, '--fork', '--kill-child', '--mount-proc', 'sh', '-ec', HOST, 'sh', HOSTS],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void holder.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => resolve());
    holder.once('exit', (code) => reject(new Error(`the namespaces could not be made (exit code ${code})`)));
  });
  const init = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim();
  const enter = ['-t', init, '-m', '-n', '-p', '-i', '-u', '--'];
  const sh = (script: string) =>
    execFileSync('nsenter', [...enter, 'sh', '-ec', script], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();

  const hostCommand = (command: readonly string[]) => [
    ...enter,
    'sh',
    '-c',
    'echo "pid $$"; exec "$@"',
    'sh',
    ...command,
  ];
  const podCommand = (command: readonly string[], { own = [], host = 'recursive', capabilities }: PodOptions = {}) => [
    ...enter,
    'unshare',
    '--mount',
    ...own.map((kind) => `--${kind}`),
    ...(own.includes('pid') ? ['--fork'] : []),
    ...['sh', '-ec', POD, 'sh', PROJECT, dirname(process.execPath), host],
    ...(capabilities === undefined ? [] : restrictedTo(capabilities)),
    ...command,
  ];
  const run = (command: readonly string[], stdin = ''): Finished => {
    const done = spawnSync('nsenter', command, { encoding: 'utf8', input: stdin, timeout: 60_000, cwd: '/' });
    return { code: done.status, stdout: done.stdout.replace(/^pid \d+\n/, ''), stderr: done.stderr };
  };
  const start = (command: readonly string[]): Agent => {
    const child: ChildProcess = spawn('nsenter', [...command], { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    // The world ends its processes, but not one outside that waits for them and was stopped together with its child.
    onTestFinished(() => void child.kill('SIGKILL'));
    const pid = () => Number(/^pid (\d+)$/m.exec(output)?.[1] ?? 0);
    return {
      pid,
      output: () => output,
      ended: new Promise((resolve) => child.on('close', resolve)),
      kill: (signal) => void spawnSync('nsenter', [...enter, 'kill', '-s', signal, String(pid())]),
    };
  };
  return {
    sh,
    onHost: (args, stdin) => run(hostCommand([process.execPath, inject('program'), ...args]), stdin),
    inPod: (args, options) => run(podCommand([process.execPath, inject('program'), ...args], options)),
    moduleInPod: (module, options) =>
      run(podCommand([process.execPath, '--input-type=module-typescript', '-e', module], options)),
    startModule: (module) => start(hostCommand([process.execPath, '--input-type=module-typescript', '-e', module])),
    startOnHost: (args) => start(hostCommand([process.execPath, inject('program'), ...args])),
    startInPod: (args) => start(podCommand([process.execPath, inject('program'), ...args])),
  };
}
