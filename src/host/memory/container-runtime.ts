/** A container runtime on a `MemoryHost`: what it answers over its socket while it runs (CRI v1). */
import type { SocketAnswer } from '../query.ts';
import type { MemoryBehaviour, MemoryHost } from './memory-host.ts';

/** One way to run containers, as the running configuration has it. */
export interface MemoryHandler {
  readonly type: string;
  readonly systemdCgroup: boolean;
}

/** A pod, as the runtime knows it. */
export interface MemorySandbox {
  readonly id: string;
  readonly uid: string;
  readonly state: number;
}

/** What the runtime is. */
export interface ContainerRuntimeOptions {
  readonly socket: string;
  readonly unit: string;
  readonly version: string;
  /** The answer to RuntimeConfig; absent: it does not know the question, as containerd 1.x. */
  readonly driver?: 'systemd' | 'cgroupfs';
  /** The running configuration in the answer to Status, as containerd gives it. */
  readonly handlers?: Readonly<Record<string, MemoryHandler>>;
  readonly defaultHandler?: string;
  /** The sandboxes, or only their states, 0 for one that is ready. */
  readonly sandboxes?: readonly (number | MemorySandbox)[];
  /** Told of the sandbox that is to be stopped. */
  readonly onStop?: (host: MemoryHost, id: string) => void;
  /** Whether it can run containers; default true. */
  readonly isReady?: boolean;
  /** It runs, and its CRI is off. */
  readonly hasNoCri?: true;
  /** What it answers to everything instead. */
  readonly instead?: SocketAnswer;
}

/** A runtime and how often it was asked. */
export interface MemoryRuntime {
  readonly behaviour: MemoryBehaviour;
  /** The files that a running one shows. */
  readonly start: (host: MemoryHost, run?: string) => void;
  readonly asked: () => number;
}

/** Creates a runtime; it answers while its socket exists. */
export function containerRuntime(options: ContainerRuntimeOptions): MemoryRuntime {
  let asked = 0;
  return {
    asked: () => asked,
    start: (host, run = '1') => {
      host.put(options.socket, '');
      host.put(`/run/systemd/units/invocation:${options.unit}`, { link: run });
    },
    behaviour: {
      answer: (host, socket, { method, message }) => {
        if (socket !== options.socket || !host.nodes.has(socket)) return undefined;
        asked += 1;
        if (method.endsWith('/StopPodSandbox')) {
          options.onStop?.(host, Buffer.from(message, 'hex').subarray(2).toString());
          return { message: join([]) };
        }
        return options.instead ?? answerTo(method, options);
      },
    },
  };
}

function answerTo(path: string, options: ContainerRuntimeOptions): SocketAnswer {
  if (path.startsWith('/containerd.')) return { message: text(1, options.version) };
  const method = options.hasNoCri === true ? '' : (path.split('/').at(-1) ?? '');
  if (method === 'Version') return { message: join([text(1, '0.1.0'), text(2, 'memory'), text(3, options.version)]) };
  if (method === 'Status') return { message: join([readiness(options), statusOf(options)]) };
  if (method === 'ListPodSandbox') return { message: join((options.sandboxes ?? []).map(sandboxOf)) };
  // The containers of pods end with them.
  if (method === 'ListContainers') return { message: join([]) };
  if (method === 'RuntimeConfig' && options.driver !== undefined) {
    return { message: field(1, options.driver === 'cgroupfs' ? number(1, 1) : join([])) };
  }
  return { problem: 'it answered with gRPC status 12', isUnknown: true };
}

function sandboxOf(sandbox: number | MemorySandbox): Uint8Array {
  const { id, uid, state } = typeof sandbox === 'number' ? { id: 'a', uid: 'u', state: sandbox } : sandbox;
  return field(1, join([text(1, id), field(2, text(2, uid)), ...(state === 0 ? [] : [number(3, state)])]));
}

function readiness({ isReady = true }: ContainerRuntimeOptions): Uint8Array {
  const ready = [text(1, 'RuntimeReady'), ...(isReady ? [number(2, 1)] : [])];
  return field(1, field(1, join(ready)));
}

function statusOf({ handlers, defaultHandler = 'runc' }: ContainerRuntimeOptions): Uint8Array {
  if (handlers === undefined) return join([]);
  const runtimes: Record<string, unknown> = {};
  for (const [name, { type, systemdCgroup }] of Object.entries(handlers)) {
    runtimes[name] = { runtimeType: type, options: { SystemdCgroup: systemdCgroup } };
  }
  const config = { containerd: { defaultRuntimeName: defaultHandler, runtimes } };
  return field(2, join([text(1, 'config'), text(2, JSON.stringify(config))]));
}

const join = (parts: readonly Uint8Array[]) => Buffer.concat(parts);
const number = (at: number, value: number) => join([varint(at * 8), varint(value)]);
const field = (at: number, bytes: Uint8Array) => join([varint(at * 8 + 2), varint(bytes.length), bytes]);
const text = (at: number, value: string) => field(at, Buffer.from(value));

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
