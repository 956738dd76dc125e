/**
 * One writer per host: an abstract Unix socket is the lock. The kernel lets exactly one process
 * bind the name and frees it when that process dies, however it dies; there is no stale lock file.
 * Whoever connects is told who holds the host.
 */
import { realpathSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { holderFrom, type LockHolder, nameOf, parseLine, renderHolder } from './holder.ts';
import { errnoOf } from '../linux/files/file-errors.ts';
import { createSha256 } from '../sha256.ts';

/** The right to change a host, until it is released or the process ends. */
export interface HostLock {
  readonly release: () => Promise<void>;
}

/** Another process holds the host. */
export class HostBusyError extends Error {
  override readonly name = 'HostBusyError';
  /** `undefined` when whatever holds the name does not answer as NodePrep does. */
  readonly holder: LockHolder | undefined;

  constructor(name: string, holder: LockHolder | undefined) {
    const who =
      holder === undefined
        ? `something that does not answer as NodePrep does (or hangs) holds the socket "@${name}"; "ss -xlp" shows what it is`
        : `${nameOf(holder)} is already managing it; ${adviceFor(holder)}`;
    super(`Cannot take the host: ${who}`);
    this.holder = holder;
  }
}

function adviceFor(holder: LockHolder): string {
  return holder.rank === 'cluster'
    ? 'change the NodePrep of this node with kubectl, or keep the DaemonSet off this node first'
    : 'stop it first ("systemctl stop nodeprep" for the service) or let it do the work';
}

const answerMs = 1000;
const maximumAnswerCharacters = 4096;
/** A holder that dies between our two looks frees the name, so there is more than one attempt. */
const attempts = 3;

/** The host that is meant. */
export interface LockedHost {
  readonly root: string;
  /** Whether `root` is the running host, wherever it is mounted; then the name is the same for all who see it. */
  readonly live?: boolean;
}

/** What takes a host. */
export interface LockOptions extends LockedHost {
  readonly holder: LockHolder;
  /** Who stands by, asked whenever somebody wants to know who holds the host. */
  readonly standby?: () => readonly LockHolder[];
}

/** Takes the host, or throws `HostBusyError`. Does not keep the process alive. */
export async function acquireHostLock(options: LockOptions): Promise<HostLock> {
  const name = lockName(options);
  const line = () => renderHolder(options.holder, options.standby?.() ?? []);
  for (let attempt = 1; ; attempt += 1) {
    const server = await listen(name, line);
    if (server !== undefined) return { release: () => close(server) };

    const answer = await ask(name);
    if (answer === undefined && attempt < attempts) continue;
    throw new HostBusyError(name, answer === undefined ? undefined : holderFrom(parseLine(answer)));
  }
}

/** Who manages the host now; `undefined` when nobody does, or nobody who answers as NodePrep does. */
export async function lockHolder(host: LockedHost): Promise<LockHolder | undefined> {
  const answer = await ask(lockName(host));
  return answer === undefined ? undefined : holderFrom(parseLine(answer));
}

/** Every directory host has a lock of its own, under all of its names. */
function lockName({ root, live = false }: LockedHost): string {
  if (live) return 'nodeprep';
  const real = realpathSync.native(root);
  return real === '/' ? 'nodeprep' : `nodeprep-${createSha256().update(real).digest('hex').slice(0, 32)}`;
}

/** `undefined` when somebody else has the name. */
function listen(name: string, line: () => string): Promise<Server | undefined> {
  const server = createServer((connection) => {
    connection.on('error', () => connection.destroy());
    connection.unref();
    // Nothing is read, so nobody can make us keep what they send.
    connection.end(line(), () => connection.destroy());
  });
  server.maxConnections = 16;
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (errnoOf(error) === 'EADDRINUSE') resolve(undefined);
      else reject(new Error(`Cannot take the host: the socket "@${name}" cannot be made`, { cause: error }));
    });
    server.listen({ path: `\0${name}`, backlog: 16 }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** What the holder says; `undefined` when nobody holds the name any more. */
function ask(name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ path: `\0${name}` });
    const finish = (said: string | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(said);
    };
    const timer = setTimeout(() => finish(answer), answerMs);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.includes('\n') || answer.length > maximumAnswerCharacters) finish(answer);
    });
    // A holder that ends resets the connection, or closes it without a word: the name is free again.
    const isOver = (error: unknown) => ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(errnoOf(error) ?? '');
    socket.once('error', (error) => finish(isOver(error) ? undefined : answer));
    socket.once('close', () => finish(answer === '' ? undefined : answer));
  });
}
