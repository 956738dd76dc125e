/**
 * The socket over which the holder of a host is asked to hand it over, and by which every process that
 * waits learns at once that the holder is gone, since the kernel closes the connections of a process
 * that ends, however it ends.
 *
 * It lies in a directory that only root may enter, and to connect to a path needs permission for it:
 * so a process that asks is root on this host. A pod reaches it through the mount of the host's root.
 */
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { holderFrom, type LockHolder, parseLine } from './holder.ts';
import { errnoOf } from '../linux/files/file-errors.ts';
import { linkTrail } from '../watch/link-trail.ts';

/** The directory of the control socket, root's alone. */
export const CONTROL_DIRECTORY = '/run/nodeprep/control';
/** The control socket on a host. */
export const CONTROL_SOCKET = `${CONTROL_DIRECTORY}/socket`;

/** sockaddr_un(7): with the NUL that ends it. */
const MOST_PATH_BYTES = 108;
const MOST_LINE_CHARACTERS = 4096;
const MOST_CONNECTIONS = 32;
const FIRST_LINE_MS = 5000;
/** /run may be cleared; then no process could ask any more. */
const LOOK_MS = 10_000;

/** What a holder answers: `soon` when it will free the host, `no` with why. */
export type Answer = { readonly answer: 'soon' | 'wait' | 'unknown' } | { readonly answer: 'no'; readonly why: string };

/** Where the socket of a running host is, `root` being where its root is mounted. */
export function controlPath(root: string): string {
  const mount = root === '/' ? '' : root;
  return linkTrail(mount, CONTROL_SOCKET).at(-1) ?? `${mount}${CONTROL_SOCKET}`;
}

/** The holder's end. */
export interface ControlServer {
  /** Who waits, as they call themselves. */
  readonly waiting: () => readonly LockHolder[];
  /** Accepts no further connections. Processes that wait stay connected until `end`. */
  readonly stop: () => void;
  /** Ends the connections of all who wait. */
  readonly end: () => void;
}

/**
 * Listens for those who want the host; only for `me`, the process that holds it. Throws when the socket
 * cannot be made.
 */
export async function serveControl(
  path: string,
  me: LockHolder,
  onAsk: (asker: LockHolder) => Answer,
): Promise<ControlServer> {
  const connections = new Map<Socket, LockHolder | undefined>();
  const accept = (socket: Socket) => {
    connections.set(socket, undefined);
    const timer = setTimeout(() => socket.destroy(), FIRST_LINE_MS).unref();
    socket.unref();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(timer);
      connections.delete(socket);
    });
    readLine(socket, (line) => {
      clearTimeout(timer);
      const said = parseLine(line);
      const asker = holderFrom(said);
      const { ask } = Object(said) as Readonly<Record<string, unknown>>;
      const isKnown = asker !== undefined && (ask === 'hand-over' || ask === 'wait');
      if (isKnown) connections.set(socket, asker);
      const answer: Answer = !isKnown ? { answer: 'unknown' } : ask === 'wait' ? { answer: 'wait' } : onAsk(asker);
      const reply = `${JSON.stringify({ ...answer, holder: me })}\n`;
      if (isKnown) socket.write(reply);
      else socket.end(reply);
      // Nothing more is expected, but only who reads notices the end of the other side.
      socket.resume();
    });
  };
  let server = await listen(path, accept);
  let stopped = false;
  let turn = Promise.resolve();
  const look = setInterval(() => {
    if (stopped || lstatSync(path, { throwIfNoEntry: false }) !== undefined) return;
    turn = turn.then(async () => {
      server.close();
      const next = await listen(path, accept).catch(() => undefined);
      if (next === undefined) return;
      if (stopped) next.close();
      else server = next;
    });
  }, LOOK_MS).unref();
  return {
    waiting: () => [...connections.values()].filter((one) => one !== undefined),
    stop: () => {
      stopped = true;
      clearInterval(look);
      server.close();
    },
    end: () => {
      for (const socket of connections.keys()) socket.destroy();
    },
  };
}

/** A connection to the holder, open for as long as it holds the host. */
export interface ControlLink {
  readonly answer: Answer;
  /** Who answered; `undefined` of a version that does not say it here. */
  readonly holder: LockHolder | undefined;
  /** Resolves when the holder is gone or has freed the host. */
  readonly closed: Promise<void>;
  readonly close: () => void;
}

/** Tells the holder who waits or asks; `undefined` when it cannot be reached or does not understand. */
export function connectControl(
  path: string,
  me: LockHolder,
  ask: 'hand-over' | 'wait',
  signal: AbortSignal,
): Promise<ControlLink | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const closed = new Promise<void>((over) => {
      socket.once('close', () => over());
    });
    const giveUp = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(undefined);
    };
    const timer = setTimeout(giveUp, FIRST_LINE_MS);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.on('error', giveUp);
    socket.once('close', giveUp);
    socket.once('connect', () => socket.write(`${JSON.stringify({ ...me, ask })}\n`));
    readLine(socket, (line) => {
      const said = parseLine(line);
      const answer = answerFrom(said);
      if (answer === undefined) return giveUp();
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      socket.off('close', giveUp);
      socket.resume();
      const { holder } = Object(said) as Readonly<Record<string, unknown>>;
      resolve({ answer, holder: holderFrom(holder), closed, close: () => socket.destroy() });
    });
  });
}

function answerFrom(said: unknown): Answer | undefined {
  const { answer, why } = Object(said) as Readonly<Record<string, unknown>>;
  if (answer === 'soon' || answer === 'wait') return { answer };
  return answer === 'no'
    ? { answer, why: typeof why === 'string' ? why.slice(0, 200) : 'it does not say why' }
    : undefined;
}

/** Calls back with the first line; a peer that sends more than a line can have is cut off. */
function readLine(socket: Socket, onLine: (line: string) => void): void {
  let text = '';
  const onData = (data: string) => {
    text += data;
    const end = text.indexOf('\n');
    if (end === -1 && text.length <= MOST_LINE_CHARACTERS) return;
    socket.off('data', onData);
    if (end === -1 || end > MOST_LINE_CHARACTERS) socket.destroy();
    else onLine(text.slice(0, end));
  };
  socket.setEncoding('utf8').on('data', onData);
}

async function listen(path: string, accept: (socket: Socket) => void): Promise<Server> {
  // A longer path would be cut off silently and lie somewhere else.
  if (Buffer.byteLength(path) >= MOST_PATH_BYTES) throw new Error(`the path "${path}" is too long for a socket`);
  makePrivate(dirname(path));
  // What a holder that was killed left behind. Only the one who holds the host comes here.
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  const server = createServer(accept);
  server.maxConnections = MOST_CONNECTIONS;
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, backlog: 16 }, resolve);
  });
  server.removeAllListeners('error');
  server.on('error', () => undefined);
  return server;
}

/** Makes a directory that only its owner may enter, or makes it so. */
function makePrivate(directory: string): void {
  mkdirSync(dirname(directory), { recursive: true, mode: 0o755 });
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== process.geteuid?.()) {
    throw new Error(`"${directory}" is not a directory of this user`);
  }
  if ((found.mode & 0o777) !== 0o700) chmodSync(directory, 0o700);
}
