/**
 * The abstract socket that was the lock of earlier versions. It is taken as well while it is free, so that such a unit
 * or pod never writes beside a newer one. Every user may bind such a name, though: its holder is believed only when
 * he is root of this host, and is a stranger otherwise.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, isAlive } from './claims.ts';
import { controlPath } from './control.ts';
import { holderFrom, type LockHolder, parseLine, plain } from './holder.ts';
import { errnoOf } from '../linux/files/file-errors.ts';

const NAME = 'nodeprep';
/** A process that ends closes its sockets one after the other. */
const LOOKS = 3;
const LOOK_MS = 20;
/** capabilities(7): without it no process can do what NodePrep does, not even root in a container. */
const CAP_SYS_ADMIN = 21n;

/** Who has the old name. */
export type OldName =
  | { readonly is: 'free' }
  /** An earlier version; `holder` is `undefined` when it does not answer. */
  | { readonly is: 'held'; readonly holder: LockHolder | undefined }
  /** A process without any right to this host, in words, and whether it was seen with the name. */
  | { readonly is: 'strange'; readonly stranger: string; readonly isSeen: boolean };

/** Takes the name when it is free; returns how to free it, or who has it. */
export async function takeOldName(root: string, line: () => string): Promise<(() => Promise<void>) | OldName> {
  for (let look = 1; ; look += 1) {
    const server = await bind(line);
    if (server !== undefined) return () => new Promise((resolve) => server.close(() => resolve()));
    const found = await oldNameOf(root);
    const isSure = found.is === 'held' ? found.holder !== undefined : found.is === 'strange' && found.isSeen;
    if (isSure || look >= LOOKS) return found;
    await sleep(LOOK_MS);
  }
}

/** Who has the name now. */
export async function oldNameOf(root: string): Promise<OldName> {
  const said = await ask(`\0${NAME}`);
  if (said === undefined) return { is: 'free' };
  const claimed = holderFrom(parseLine(said));
  const proc = root === '/' ? '/proc' : `${root}/proc`;
  // An earlier daemon answers on the control socket, too, where only root can listen.
  if (await isAlive(controlPath(root))) return { is: 'held', holder: claimed };
  const owner = ownerOf(proc);
  if (owner !== undefined) {
    if (isRootOfHost(proc, owner)) return { is: 'held', holder: claimed };
    return { is: 'strange', stranger: nameOfStranger(proc, owner), isSeen: true };
  }
  // Who may not look at the sockets of others can still look whether the one that is named can be a NodePrep.
  const { pid } = claimed ?? { pid: 0 };
  const isNodePrep = pid !== process.pid && /nodeprep/.test(textOf(`${proc}/${pid}/cmdline`));
  if (isNodePrep && isRootOfHost(proc, pid)) return { is: 'held', holder: claimed };
  return {
    is: 'strange',
    stranger: 'a process that this one may not look at ("sudo ss -xlp" shows it)',
    isSeen: false,
  };
}

/** `undefined` when another process has the name. */
function bind(line: () => string): Promise<Server | undefined> {
  const server = createServer((connection) => {
    connection.on('error', () => connection.destroy());
    connection.unref();
    connection.end(line(), () => connection.destroy());
  });
  server.maxConnections = 16;
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (errnoOf(error) === 'EADDRINUSE') resolve(undefined);
      else reject(new Error(`Cannot take the host: the socket "@${NAME}" cannot be made`, { cause: error }));
    });
    server.listen({ path: `\0${NAME}`, backlog: 16 }, () => resolve(server));
  });
}

/** The process that listens under the name; `undefined` when this one may not see it. */
function ownerOf(proc: string): number | undefined {
  const inode = new RegExp(`00010000 \\S+ \\S+ +(\\d+) @${NAME}$`, 'm').exec(textOf('/proc/net/unix'))?.[1];
  const owns = (pid: string) =>
    list(`${proc}/${pid}/fd`).some((fd) => linkOf(`${proc}/${pid}/fd/${fd}`) === `socket:[${inode}]`);
  const pid = inode === undefined ? undefined : list(proc).find((name) => /^\d+$/.test(name) && owns(name));
  return pid === undefined ? undefined : Number(pid);
}

/** Uid 0 of a container is not enough. Both lines are of this user namespace, and every user may read them. */
function isRootOfHost(proc: string, pid: number): boolean {
  const status = textOf(`${proc}/${pid}/status`);
  const capabilities = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return uidFrom(status) === '0' && ((capabilities >> CAP_SYS_ADMIN) & 1n) === 1n;
}

function nameOfStranger(proc: string, pid: number): string {
  const status = textOf(`${proc}/${pid}/status`);
  return `process ${pid} ("${plain(/^Name:\s*(.*)$/m.exec(status)?.[1])}") of uid ${uidFrom(status) ?? 'unknown'}`;
}

function uidFrom(status: string): string | undefined {
  return /^Uid:\s*\d+\s+(\d+)/m.exec(status)?.[1];
}

/** Processes come and go while they are looked at. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
