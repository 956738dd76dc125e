/**
 * A node with systemd, containerd, a kubelet and its pods on a `MemoryHost`: containerd reads its file when it starts and
 * keeps containers over a restart, the kubelet makes pods that are not there, in the tree of its driver, and systemd-run
 * arms timers. What runs is kept here, as a machine keeps it when a process of it is killed.
 */
import { CommandError } from '../errors.ts';
import type { Command, CommandOutput } from '../host.ts';
import { containerRuntime, type MemorySandbox } from './container-runtime.ts';
import type { MemoryBehaviour, MemoryHost } from './memory-host.ts';

/** What the node has. */
export interface PodNodeOptions {
  /** UIDs of the pods that the kubelet runs. */
  readonly pods?: readonly string[];
  /** Whether the containerd of the node fails with a text, besides one with the word BROKEN. */
  readonly isBroken?: (config: string) => boolean;
  /** What it answers on RuntimeConfig; default that it does not know it, as containerd 1.x. */
  readonly answersDriver?: boolean;
}

/** A machine that goes on when NodePrep is killed. */
export interface PodNode {
  readonly behaviour: MemoryBehaviour;
  /** Starts containerd, and the kubelet where it is configured. */
  readonly boot: (host: MemoryHost) => void;
  /** Lets the armed timers elapse. */
  readonly elapse: (host: MemoryHost) => void;
  /** Units that run. */
  readonly running: () => readonly string[];
  /** How often containerd was started. */
  readonly starts: () => number;
  /** How often each pod was made. */
  readonly made: () => Readonly<Record<string, number>>;
}

const CONTAINERD = 'containerd.service';
const KUBELET = 'kubelet.service';
const CONFIG = '/etc/containerd/config.toml';
const KUBELET_CONFIG = '/var/lib/kubelet/config.yaml';
const SOCKET = '/run/containerd/containerd.sock';
const TRANSIENT = '/run/systemd/transient';
const done: CommandOutput = { stdout: '', stderr: '' };

/** A node that is off. */
export function podNode(options: PodNodeOptions = {}): PodNode {
  const running = new Set<string>();
  /** Units that systemd starts again and again. */
  const failing = new Set<string>();
  const sandboxes = new Map<string, MemorySandbox>();
  const made: Record<string, number> = {};
  let hasSystemdCgroup = false;
  let starts = 0;

  const runtime = containerRuntime({
    socket: SOCKET,
    unit: CONTAINERD,
    version: options.answersDriver === true ? 'v2.1.9' : '1.7.24',
    get driver() {
      return options.answersDriver === true ? driverOf(hasSystemdCgroup) : undefined;
    },
    get handlers() {
      return { runc: { type: 'io.containerd.runc.v2', systemdCgroup: hasSystemdCgroup } };
    },
    get sandboxes() {
      return [...sandboxes.values()];
    },
    onStop: (host, id) => stopPod(host, id),
  } as Parameters<typeof containerRuntime>[0]);

  function stopPod(host: MemoryHost, id: string): void {
    const found = sandboxes.get(id);
    if (found === undefined) return;
    sandboxes.set(id, { ...found, state: 1 });
    for (const folder of foldersOf(found.uid, id)) host.put(folder, undefined);
    count(host);
    // A kubelet that runs does not wait.
    if (running.has(KUBELET)) makePods(host);
  }

  function makePods(host: MemoryHost): void {
    const isSystemd = /cgroupDriver: systemd/.test(host.text(KUBELET_CONFIG) ?? '');
    if (isSystemd !== hasSystemdCgroup && hasSystemdCgroup) return;
    for (const uid of options.pods ?? []) {
      if ([...sandboxes.values()].some((one) => one.uid === uid && one.state === 0)) continue;
      made[uid] = (made[uid] ?? 0) + 1;
      const id = `${uid.replaceAll('-', '')}${made[uid]}`.padEnd(64, '0').slice(0, 64);
      sandboxes.set(id, { id, uid, state: 0 });
      const [own, plain, stray] = foldersOf(uid, id);
      host.put(`${isSystemd ? (hasSystemdCgroup ? own : stray) : plain}/cgroup.procs`, '1\n');
    }
    count(host);
  }

  /** What the kernel says of the trees. */
  function count(host: MemoryHost): void {
    for (const tree of ['kubepods.slice', 'kubepods']) {
      const path = `/sys/fs/cgroup/${tree}`;
      const isPopulated = [...host.nodes.keys()].some((one) => one.startsWith(`${path}/`) && one.endsWith('.procs'));
      host.put(`${path}/cgroup.events`, `populated ${isPopulated ? 1 : 0}\nfrozen 0\n`);
    }
  }

  function start(host: MemoryHost, unit: string, command: Command): CommandOutput {
    if (unit === KUBELET) {
      running.add(KUBELET);
      host.put(`/run/systemd/units/invocation:${KUBELET}`, { link: `kubelet${starts}` });
      makePods(host);
      return done;
    }
    starts += 1;
    const text = host.text(CONFIG) ?? '';
    if (text.includes('BROKEN') || options.isBroken?.(text) === true) {
      stop(host, unit);
      failing.add(unit);
      throw failed(command, 1, 'Job for containerd.service failed.');
    }
    failing.delete(unit);
    running.add(unit);
    hasSystemdCgroup = /SystemdCgroup = true/.test(text);
    runtime.start(host, `run${starts}`);
    return done;
  }

  function stop(host: MemoryHost, unit: string): CommandOutput {
    running.delete(unit);
    host.put(`/run/systemd/units/invocation:${unit}`, undefined);
    if (unit === CONTAINERD) host.put(SOCKET, undefined);
    host.put(`${TRANSIENT}/${unit}`, undefined);
    return done;
  }

  function show(unit: string): CommandOutput {
    const state = running.has(unit)
      ? 'active\nSubState=running'
      : failing.has(unit)
        ? 'activating\nSubState=auto-restart'
        : 'inactive';
    return { stdout: `ActiveState=${state}\nInvocationID=${'0'.repeat(32)}\n`, stderr: '' };
  }

  return {
    behaviour: {
      ...runtime.behaviour,
      commands: {
        systemctl: (host, args, command) => {
          const [verb = ''] = args;
          const unit = args.at(-1) ?? '';
          if (verb === 'show') return show(unit);
          if (verb === 'stop') return stop(host, unit);
          return verb === 'start' || verb === 'restart' ? start(host, unit, command) : done;
        },
        'systemd-run': (host, args) => {
          const name = args.find((one) => one.startsWith('--unit='))?.slice(7);
          host.put(`${TRANSIENT}/${name}.timer`, args.slice(args.indexOf('--') + 1).join(' '));
          return done;
        },
        journalctl: () => ({ stdout: 'starting containerd\ncontainerd: invalid configuration\n', stderr: '' }),
      },
    },
    boot: (host) => {
      running.clear();
      const unit: Command = ['systemctl', 'start'];
      start(host, CONTAINERD, unit);
      if (host.text(KUBELET_CONFIG) !== undefined) start(host, KUBELET, unit);
    },
    elapse: (host) => {
      for (const path of [...host.nodes.keys()]) {
        if (!path.startsWith(`${TRANSIENT}/`) || !path.endsWith('.timer')) continue;
        const unit = (host.text(path) ?? '').split(' ').at(-1) ?? '';
        host.put(path, undefined);
        start(host, unit, ['systemctl', 'start']);
      }
    },
    running: () => [...running].toSorted(),
    starts: () => starts,
    made: () => made,
  };
}

function driverOf(isSystemd: boolean): 'systemd' | 'cgroupfs' {
  return isSystemd ? 'systemd' : 'cgroupfs';
}

/** Where a container of a pod of the class besteffort may be: in the tree of systemd, of cgroupfs, and astray. */
function foldersOf(uid: string, id: string): readonly [string, string, string] {
  const slice = `kubepods-besteffort-pod${uid.replaceAll('-', '_')}.slice`;
  return [
    `/sys/fs/cgroup/kubepods.slice/kubepods-besteffort.slice/${slice}/cri-containerd-${id}.scope`,
    `/sys/fs/cgroup/kubepods/besteffort/pod${uid}/${id}`,
    `/sys/fs/cgroup/system.slice/${slice}:cri-containerd:${id}`,
  ];
}

function failed(command: Command, exitCode: number, stderr: string): CommandError {
  return new CommandError(command, { exitCode, stderr: `${stderr}\n`, detail: stderr });
}
