/**
 * Claims on a host: listening sockets in a directory where only the one who may change the host can make files. The
 * kernel answers whether the process behind one lives. A claim never comes back to life under its name, so that
 * whatever is dead can be removed at any time, and no order of events makes two holders: each process shows its claim
 * first and looks for others then, so of two at least the later one sees the other.
 */
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  type FSWatcher,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  watch,
} from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostFileError } from '../errors.ts';
import { errnoOf } from '../linux/files/file-errors.ts';

const CLAIM = /^[0-9a-f]{16}$/;
/** A claim that is not visible yet: it is shown when it can be asked. */
const UNSEEN = /^\.new-[0-9a-f]{16}$/;
const ANSWER_MS = 1000;
const AGAIN_MS = 10;
const SETTLE_MS = 100;
const MOST_CHARACTERS = 4096;

/** A directory of claims, held open. */
export interface ClaimDirectory {
  readonly path: string;
  /** Short enough for the address of a socket, however deep the directory lies. */
  readonly at: (name: string) => string;
  readonly close: () => void;
}

/**
 * Opens a directory of claims, and makes it when `create` is set. `undefined` when there is none. Throws when others
 * may write there.
 */
export function openClaims(path: string, create: boolean): ClaimDirectory | undefined {
  try {
    if (create) mkdirSync(path, { recursive: true, mode: 0o755 });
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const base = existsSync(`/proc/self/fd/${fd}`) ? `/proc/self/fd/${fd}` : path;
    const { uid, mode } = fstatSync(fd);
    const isOurs = uid === 0 || uid === process.geteuid?.();
    if (!isOurs || (mode & 0o022) !== 0) {
      closeSync(fd);
      throw new HostFileError(
        'use',
        path,
        'EACCES',
        'others may write there, so nothing in it shows who has this host; remove it',
      );
    }
    return { path, at: (name) => `${base}/${name}`, close: () => closeSync(fd) };
  } catch (error) {
    if (!create && ['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** Claims of others, the dead ones as well. */
export function claimsIn(directory: ClaimDirectory, own?: Claim): string[] {
  return readdirSync(directory.at('')).filter((name) => CLAIM.test(name) && name !== own?.name);
}

/** What became of another process's claim: gone, its line, or alive without a word. */
export type Fate = { readonly is: 'gone' } | { readonly is: 'held'; readonly line: string | undefined };

/** Asks the process behind a claim until it says who it is, is gone, or is silent for too long. */
export async function fateOf(directory: ClaimDirectory, name: string): Promise<Fate> {
  const end = performance.now() + ANSWER_MS;
  do {
    const said = await ask(directory.at(name), end - performance.now());
    if (said === undefined) return { is: 'gone' };
    if (said.includes('\n')) return { is: 'held', line: said };
    // One that steps back, or that has too many visitors: only the kernel says that it is gone.
    await sleep(AGAIN_MS);
  } while (performance.now() < end);
  return { is: 'held', line: undefined };
}

/** A claim of this process. */
export interface Claim {
  readonly name: string;
  /** From now on a process that asks is told who holds the host. */
  readonly confirm: (line: () => string) => void;
  /** Gives the claim up; those who asked ask again. */
  readonly withdraw: () => Promise<void>;
}

/** Shows a new claim. Does not keep the process alive. */
export async function makeClaim(directory: ClaimDirectory): Promise<Claim> {
  const name = Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex');
  const waiting = new Set<Socket>();
  let answer: (() => string) | undefined;
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.unref();
    // Nothing is read, so that no sender can fill our memory.
    if (answer !== undefined) return void socket.end(answer(), () => socket.destroy());
    waiting.add(socket);
    socket.once('close', () => waiting.delete(socket));
  });
  server.maxConnections = 16;
  server.unref();
  const unseen = directory.at(`.new-${name}`);
  await listening(server, unseen);
  chmodSync(unseen, 0o666);
  renameSync(unseen, directory.at(name));
  return {
    name,
    confirm: (line) => {
      answer = line;
      for (const socket of waiting) socket.end(line(), () => socket.destroy());
      sweep(directory, name);
    },
    withdraw: async () => {
      remove(directory.at(name));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of waiting) socket.destroy();
      await closed;
    },
  };
}

/** Calls back once when a claim, or its directory, was removed by others; returns how to stop listening. */
export function onRemoved(directory: ClaimDirectory, claim: Claim, callback: () => void): () => void {
  let later: NodeJS.Timeout | undefined;
  const look = () => {
    if (later !== undefined || existsSync(directory.at(claim.name))) return;
    // Not into the middle of "rm -r".
    later = setTimeout(callback, SETTLE_MS).unref();
  };
  const watcher = watcherOf(directory.path, look);
  return () => {
    clearTimeout(later);
    watcher?.close();
  };
}

/** A host without an inotify instance to spare is managed all the same. */
function watcherOf(path: string, look: () => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, look).on('error', () => undefined);
  } catch {
    return undefined;
  }
}

/** Removes a claim whose process is gone. */
export function removeClaim(directory: ClaimDirectory, name: string): void {
  remove(directory.at(name));
}

/** Whether there is a process behind a socket; asks it nothing. */
export function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const finish = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('connect', () => finish(true));
    // EAGAIN is a process that has too many visitors.
    socket.once('error', (error) => finish(errnoOf(error) === 'EAGAIN'));
  });
}

function sweep(directory: ClaimDirectory, own: string): void {
  const left = readdirSync(directory.at('')).filter((name) => UNSEEN.test(name) && name !== `.new-${own}`);
  // A newcomer that loses its socket here before it was shown begins again.
  for (const name of left) remove(directory.at(name));
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, backlog: 16 }, () => {
      server.removeAllListeners('error');
      server.on('error', () => undefined);
      resolve();
    });
  });
}

/** What the process behind a socket says, as far as it came; `undefined` when there is no process behind it. */
export function ask(path: string, withinMs = ANSWER_MS): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ path });
    const finish = (said: string | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(said);
    };
    const timer = setTimeout(() => finish(answer), withinMs);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.includes('\n') || answer.length > MOST_CHARACTERS) finish(answer);
    });
    socket.once('error', (error) => {
      finish(['ECONNREFUSED', 'ENOENT'].includes(errnoOf(error) ?? '') ? undefined : answer);
    });
    socket.once('close', () => finish(answer));
  });
}
