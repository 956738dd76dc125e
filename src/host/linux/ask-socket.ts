/**
 * Asks a program over its Unix socket as gRPC does: HTTP/2, a frame of five bytes before the message, the verdict in
 * the trailers. The other side is not trusted: it may hang, answer without end, or speak another language.
 */
import type { Host, HostReader } from '../host.ts';
import type { SocketAnswer, SocketQuestion } from '../query.ts';
import { errnoOf } from './files/file-errors.ts';

/** For all questions together: a runtime answers in milliseconds, and a pass must go on. */
const DEADLINE_MS = 5000;
/** To stop a pod takes as long as its processes and its network do. */
const CALL_DEADLINE_MS = 60_000;
/** What is asked for has kilobytes; a list of sandboxes on a large node is below a megabyte. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const KEPT_MS = 10 * 60_000;
/** A program that hangs is not waited for in every pass. */
const SILENCE_KEPT_MS = 60_000;
/** One that refuses may have just started: containerd listens a moment before it can answer. */
const REFUSAL_KEPT_MS = 2000;
const SOON_MS = 1000;
/** https://grpc.io/docs/guides/status-codes: UNIMPLEMENTED. */
const UNKNOWN_METHOD = '12';

// Loaded with the first question: a host without a runtime does without HTTP/2.
const http2 = () => process.getBuiltinModule('node:http2');
type Session = ReturnType<ReturnType<typeof http2>['connect']>;
type Headers = Readonly<Record<string, string | number | readonly string[] | undefined>>;

interface Kept {
  readonly stamp: string;
  readonly until: number;
  readonly answers: readonly SocketAnswer[];
}

/** Where a socket of the host is, `undefined` when it is not there. */
type PlaceOf = (socket: string) => string | undefined;

/** Makes `call`. */
export function createCall(placeOf: PlaceOf): Host['call'] {
  return async (socket, question, { timeoutMs = CALL_DEADLINE_MS, signal } = {}) => {
    const [answer] = await answersFrom(placeOf, socket, [question], timeoutMs, signal);
    signal?.throwIfAborted();
    return answer ?? { problem: 'it did not answer' };
  };
}

/** Makes `ask`. */
export function createAsk(placeOf: PlaceOf, clock: () => number = () => performance.now()): HostReader['ask'] {
  const kept = new Map<string, Kept>();
  return async (socket, questions, { stamp, signal }) => {
    const key = JSON.stringify([socket, questions]);
    const known = kept.get(key);
    if (known !== undefined && known.stamp === stamp && clock() < known.until) return known.answers;
    const begin = clock();
    const found = await answersFrom(placeOf, socket, questions, DEADLINE_MS, signal);
    signal?.throwIfAborted();
    const seconds = (clock() - begin) / 1000;
    const answers = found.map((answer) => ('problem' in answer ? answer : { ...answer, seconds }));
    const isFailure = answers.every((answer) => 'problem' in answer);
    const failureMs = clock() - begin < SOON_MS ? REFUSAL_KEPT_MS : SILENCE_KEPT_MS;
    kept.set(key, { stamp, until: clock() + (isFailure ? failureMs : KEPT_MS), answers });
    return answers;
  };
}

async function answersFrom(
  placeOf: PlaceOf,
  socket: string,
  questions: readonly SocketQuestion[],
  deadlineMs: number,
  signal: AbortSignal | undefined,
): Promise<readonly SocketAnswer[]> {
  const none = (problem: string) => questions.map((): SocketAnswer => ({ problem }));
  let path: string | undefined;
  try {
    path = placeOf(socket);
  } catch (error) {
    return none(`it cannot be reached (${errnoOf(error) ?? String(error)})`);
  }
  if (path === undefined) return none('there is no such socket');
  const { connect } = process.getBuiltinModule('node:net');
  const session = http2().connect('http://localhost', {
    createConnection: () => connect(path),
    settings: { enablePush: false },
  });
  let failure: string | undefined;
  const end = (why: string) => {
    failure ??= why;
    session.destroy();
  };
  session.on('error', (error) => {
    failure ??= failureFrom(error);
  });
  const timer = setTimeout(() => end(`it did not answer within ${deadlineMs / 1000} s`), deadlineMs);
  const onAbort = () => end('it was not waited for');
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const answers = await Promise.all(questions.map((question) => answerTo(session, question, deadlineMs)));
    return answers.map((answer) => answer ?? { problem: failure ?? 'it ended the connection without an answer' });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    session.destroy();
  }
}

/** `undefined` when the exchange ended without an answer. */
function answerTo(
  session: Session,
  { method, message }: SocketQuestion,
  deadlineMs: number,
): Promise<SocketAnswer | undefined> {
  const { promise, resolve } = Promise.withResolvers<SocketAnswer | undefined>();
  if (session.destroyed) return Promise.resolve(undefined);
  const stream = session.request({
    ':method': 'POST',
    ':path': method,
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': `${deadlineMs}m`,
  });
  const parts: Buffer[] = [];
  let size = 0;
  let head: Headers = {};
  stream.once('response', (headers) => {
    head = headers;
  });
  // A verdict without a message comes in the headers, otherwise behind the message.
  stream.once('trailers', (trailers) => {
    head = { ...head, ...trailers };
  });
  stream.on('data', (part: Buffer) => {
    size += part.length;
    parts.push(part);
    if (size <= MAX_ANSWER_BYTES) return;
    resolve({ problem: `its answer has more than ${MAX_ANSWER_BYTES / 1024 / 1024} MiB` });
    stream.destroy();
  });
  // Tells nothing that the end of the stream does not.
  stream.on('error', () => undefined);
  stream.once('close', () => resolve(answerFrom(head, Buffer.concat(parts))));
  stream.end(frameOf(message));
  return promise;
}

function answerFrom(head: Headers, body: Buffer): SocketAnswer | undefined {
  const status = head['grpc-status'];
  if (status === undefined) {
    const code = head[':status'];
    return code === undefined ? undefined : { problem: `it does not speak gRPC (HTTP status ${String(code)})` };
  }
  if (status !== '0') {
    const said = printable(String(head['grpc-message'] ?? ''));
    const problem = `it answered with gRPC status ${printable(String(status))}${said === '' ? '' : `: ${said}`}`;
    return status === UNKNOWN_METHOD ? { problem, isUnknown: true } : { problem };
  }
  if (body.length < 5 || body[0] !== 0 || body.readUInt32BE(1) !== body.length - 5) {
    return { problem: 'its answer is not one whole message' };
  }
  return { message: body.subarray(5) };
}

function frameOf(hex: string): Buffer {
  const message = Buffer.from(hex, 'hex');
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function failureFrom(error: Error): string {
  const code = errnoOf(error);
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return 'nothing listens on it';
  return code?.startsWith('ERR_HTTP2') === true ? 'it does not speak HTTP/2' : `it failed (${code ?? 'no errno'})`;
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
