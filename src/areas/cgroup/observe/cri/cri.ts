/** What a container runtime says of itself over its socket (CRI v1). */
import type { CgroupDriver } from '../../../../api/parts/cgroup.ts';
import type { HostReader } from '../../../../host/host.ts';
import type { SocketAnswer, SocketQuestion } from '../../../../host/query.ts';
import { objectIn, type Table, textOf } from '../../../tables.ts';
import { fieldsOf, messageIn, textIn } from './protobuf.ts';

/** A way to run containers that the runtime knows by name: `runc`, `nvidia`, `kata`. */
export interface Handler {
  readonly name: string;
  /** The shim, such as `io.containerd.runc.v2`; empty when the configuration lost it, and then no container starts. */
  readonly type: string;
  readonly driver: CgroupDriver;
}

/** Whether a handler with this type runs runc, which SystemdCgroup is for; one whose type was lost is meant to. */
export function isOfRunc(type: string): boolean {
  return type === '' || type.startsWith('io.containerd.runc.');
}

/** What options of a runtime say about the driver; containerd takes other cases of the letters for the same key. */
export function systemdCgroupIn(options: Table): unknown {
  if (Object.hasOwn(options, 'SystemdCgroup')) return options['SystemdCgroup'];
  return Object.entries(options).find(([key]) => key.toLowerCase() === 'systemdcgroup')?.[1];
}

/** What a running runtime says. */
export interface RuntimeAnswer {
  /** `1.6.20~ds1`; absent when it does not say. */
  readonly version?: string;
  /** The answer to RuntimeConfig, which the kubelet asks from 1.31 on; absent where the runtime does not tell it. */
  readonly driver?: CgroupDriver;
  /** Of the running configuration; empty when the runtime does not show it. */
  readonly handlers: readonly Handler[];
  readonly defaultHandler: string;
  /** Whether it says that it can run containers. */
  readonly isReady: boolean;
  /** Pods that run. */
  readonly pods?: number;
  /** How long it took to say all of this. */
  readonly seconds?: number;
}

/** The answer, or why there is none; the version may be known all the same. */
export type Asked = { readonly answer: RuntimeAnswer } | { readonly problem: string; readonly version?: string };

/** Why a containerd does not answer that has CRI turned off, or whose configuration CRI has refused. */
export const WITHOUT_CRI = 'it runs without CRI';

/** The service of CRI that has all methods about pods. */
export const CRI_SERVICE = '/runtime.v1.RuntimeService';
const QUESTIONS: readonly SocketQuestion[] = [
  { method: `${CRI_SERVICE}/Version`, message: '0a027631' },
  { method: `${CRI_SERVICE}/RuntimeConfig`, message: '' },
  // Verbose: with the running configuration.
  { method: `${CRI_SERVICE}/Status`, message: '0801' },
  { method: `${CRI_SERVICE}/ListPodSandbox`, message: '' },
];

/** What containerd says of itself with CRI off: its files mean something else in each version. */
const OWN_VERSION: SocketQuestion = { method: '/containerd.services.version.v1.Version/Version', message: '' };

/** Asks a runtime once for each of its runs, and every ten minutes. */
export async function askRuntime(host: HostReader, socket: string, stamp: string, signal: AbortSignal): Promise<Asked> {
  const [version, config, status, sandboxes] = await host.ask(socket, QUESTIONS, { stamp, signal });
  if (version === undefined || config === undefined || status === undefined || sandboxes === undefined) {
    return { problem: 'it did not answer' };
  }
  if ('problem' in version) {
    if (version.isUnknown !== true) return { problem: version.problem };
    const [own] = await host.ask(socket, [OWN_VERSION], { stamp, signal });
    const said = own === undefined || 'problem' in own ? {} : versionIn(textIn(fieldsOf(own.message), 1));
    return { problem: WITHOUT_CRI, ...said };
  }
  const named = fieldsOf(version.message);
  const running = runningConfig(status);
  if (named === undefined || running === undefined) return { problem: 'its answer is not what CRI says' };
  const driver = driverIn(config);
  const pods = readyIn(sandboxes);
  return {
    answer: {
      ...versionIn(textIn(named, 3)),
      ...(driver === undefined ? {} : { driver }),
      ...running,
      handlers: running.handlers.map((one) => asAnswered(one, running.defaultHandler, driver)),
      isReady: isReadyIn(status),
      ...(pods === undefined ? {} : { pods }),
      ...(version.seconds === undefined ? {} : { seconds: version.seconds }),
    },
  };
}

/** RuntimeConfig is about the default handler, and what the runtime acts by; its configuration may have a key twice. */
function asAnswered(handler: Handler, defaultHandler: string, driver: CgroupDriver | undefined): Handler {
  const isMeant = driver !== undefined && handler.name === defaultHandler && handler.type === 'io.containerd.runc.v2';
  return isMeant ? { ...handler, driver } : handler;
}

/** `1.6.20~ds1` of `v1.6.20~ds1`; nothing where it does not look like a version. */
function versionIn(said: string): { readonly version?: string } {
  const version = said.replace(/^v(?=\d)/, '');
  return /^[0-9][\x21-\x7e]{0,63}$/.test(version) ? { version } : {};
}

/** The driver of RuntimeConfig. systemd is 0, which is not on the wire: the message around it is there then. */
function driverIn(answer: SocketAnswer): CgroupDriver | undefined {
  if ('problem' in answer) return undefined;
  const linux = messageIn(fieldsOf(answer.message), 1);
  if (linux === undefined) return undefined;
  return (linux.find(({ number }) => number === 1)?.value ?? 0) === 1 ? 'cgroupfs' : 'systemd';
}

/** `undefined` when the answer is nonsense; a runtime that shows no configuration has no handlers. */
function runningConfig(answer: SocketAnswer): Pick<RuntimeAnswer, 'handlers' | 'defaultHandler'> | undefined {
  const none = { handlers: [], defaultHandler: '' };
  if ('problem' in answer) return none;
  const status = fieldsOf(answer.message);
  if (status === undefined) return undefined;
  const info = status.filter(({ number }) => number === 2).map(({ bytes }) => fieldsOf(bytes));
  const text = textIn(
    info.find((entry) => textIn(entry, 1) === 'config'),
    2,
  );
  if (text === '') return none;
  try {
    const containerd = objectIn(JSON.parse(text), 'containerd');
    const handlers = Object.entries(objectIn(containerd, 'runtimes')).map(
      ([name, value]): Handler => ({
        name: name.slice(0, 64),
        type: textOf(objectIn({ value }, 'value')['runtimeType']),
        driver: systemdCgroupIn(objectIn(objectIn({ value }, 'value'), 'options')) === true ? 'systemd' : 'cgroupfs',
      }),
    );
    return { handlers, defaultHandler: textOf(containerd['defaultRuntimeName']) };
  } catch {
    return none;
  }
}

/** The condition RuntimeReady; NetworkReady may be false before there is a CNI. */
function isReadyIn(answer: SocketAnswer): boolean {
  if ('problem' in answer) return false;
  const conditions = messageIn(fieldsOf(answer.message), 1)?.filter(({ number }) => number === 1) ?? [];
  return conditions
    .map(({ bytes }) => fieldsOf(bytes))
    .some((one) => textIn(one, 1) === 'RuntimeReady' && one?.find(({ number }) => number === 2)?.value === 1);
}

/** Sandboxes whose state is ready, which is 0 and so not on the wire. */
function readyIn(answer: SocketAnswer): number | undefined {
  if ('problem' in answer) return undefined;
  const items = fieldsOf(answer.message)?.filter(({ number }) => number === 1);
  return items?.filter(({ bytes }) => (fieldsOf(bytes)?.find(({ number }) => number === 3)?.value ?? 0) === 0).length;
}
