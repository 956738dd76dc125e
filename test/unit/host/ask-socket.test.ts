/** Questions to a program on a Unix socket, which is not trusted. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAsk, createCall } from '../../../src/host/linux/ask-socket.ts';

const METHOD = '/runtime.v1.RuntimeService/Version';
const one = [{ method: METHOD, message: '0a027631' }];

let folder: string;
let socket: string;
let server: Server | undefined;
const connections = new Set<Socket>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nodeprep-ask-'));
  socket = join(folder, 'runtime.sock');
});

afterEach(async () => {
  for (const connection of connections) connection.destroy();
  connections.clear();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
  rmSync(folder, { recursive: true });
});

async function listening(made: Server): Promise<void> {
  server = made;
  made.on('connection', (connection: Socket) => connections.add(connection));
  await new Promise<void>((resolve) => made.listen(socket, () => resolve()));
}

/** A server that answers every call by `reply`, and counts. */
async function grpc(reply: (stream: ServerHttp2Stream, path: string) => void): Promise<{ asked: number }> {
  const count = { asked: 0 };
  const made = createHttp2Server();
  made.on('session', (session) => session.on('error', () => undefined));
  made.on('stream', (stream, headers) => {
    count.asked += 1;
    stream.on('error', () => undefined);
    reply(stream as ServerHttp2Stream, String(headers[':path']));
  });
  await listening(made as unknown as Server);
  return count;
}

const frame = (hex: string) => {
  const message = Buffer.from(hex, 'hex');
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

function answerWith(stream: ServerHttp2Stream, body: Buffer, status = '0'): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
  stream.end(body);
}

const ask = createAsk;
const here = () => ask((path) => path);

describe('asking a program on its socket', () => {
  test('gives each message in the order of the questions', async () => {
    await grpc((stream, path) => answerWith(stream, frame(path === METHOD ? '0a0131' : '0a0132')));

    const answers = await here()(socket, [{ method: '/b', message: '' }, ...one], { stamp: '1' });

    expect(answers).toMatchObject([
      { message: Buffer.from('0a0132', 'hex') },
      { message: Buffer.from('0a0131', 'hex') },
    ]);
  });

  test('keeps answers until the stamp changes or ten minutes are over', async () => {
    const count = await grpc((stream) => answerWith(stream, frame('')));
    let now = 0;
    const asking = ask(
      (path) => path,
      () => now,
    );

    await asking(socket, one, { stamp: '1' });
    await asking(socket, one, { stamp: '1' });
    expect(count.asked).toBe(1);
    await asking(socket, one, { stamp: '2' });
    expect(count.asked).toBe(2);
    now = 10 * 60_000;
    await asking(socket, one, { stamp: '2' });
    expect(count.asked).toBe(3);
  });

  test('asks a program again soon that has refused, as one that has just started does', async () => {
    let isStarting = true;
    const count = await grpc((stream) =>
      isStarting
        ? stream.respond({ ':status': 200, 'grpc-status': '2' }, { endStream: true })
        : answerWith(stream, frame('')),
    );
    let now = 0;
    const asking = ask(
      (path) => path,
      () => now,
    );

    await asking(socket, one, { stamp: '1' });
    isStarting = false;
    await asking(socket, one, { stamp: '1' });
    expect(count.asked).toBe(1);
    now = 2000;

    expect(await asking(socket, one, { stamp: '1' })).toEqual([{ message: Buffer.alloc(0), seconds: 0 }]);
  });

  test('tells a method that the program does not know', async () => {
    await grpc((stream) =>
      stream.respond({ ':status': 200, 'grpc-status': '12', 'grpc-message': 'unknown method' }, { endStream: true }),
    );

    expect(await here()(socket, one, { stamp: '1' })).toEqual([
      { problem: 'it answered with gRPC status 12: unknown method', isUnknown: true },
    ]);
  });

  test.each<[string, (stream: ServerHttp2Stream) => void, string]>([
    [
      'half a message',
      (stream) => answerWith(stream, frame('0a0131').subarray(0, 6)),
      'its answer is not one whole message',
    ],
    [
      'a compressed message',
      (stream) => answerWith(stream, Buffer.from([1, 0, 0, 0, 0])),
      'its answer is not one whole message',
    ],
    ['no end', (stream) => answerWith(stream, Buffer.alloc(5 * 1024 * 1024)), 'its answer has more than 4 MiB'],
    [
      'a web page',
      (stream) => {
        stream.respond({ ':status': 404 });
        stream.end('no');
      },
      'it does not speak gRPC (HTTP status 404)',
    ],
    ['a reset', (stream) => stream.close(2), 'it ended the connection without an answer'],
  ])('says what is wrong with an answer: %s', async (_, reply, problem) => {
    await grpc(reply);

    expect(await here()(socket, one, { stamp: '1' })).toEqual([{ problem }]);
  });

  test('does not wait longer than five seconds for one that hangs', { timeout: 20_000 }, async () => {
    await listening(createServer(() => undefined));

    expect(await here()(socket, one, { stamp: '1' })).toEqual([{ problem: 'it did not answer within 5 s' }]);
  });

  test('names a socket that is away, has no listener or speaks nonsense', async () => {
    expect(await ask(() => undefined)(socket, one, { stamp: '1' })).toEqual([{ problem: 'there is no such socket' }]);
    expect(await here()(socket, one, { stamp: '1' })).toEqual([{ problem: 'nothing listens on it' }]);
    await listening(createServer((connection) => connection.end('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(20))));
    const [answer] = await here()(socket, one, { stamp: '1' });
    expect(answer).toMatchObject({
      problem: expect.stringMatching(/^it (does not speak HTTP\/2|ended the connection)/),
    });
  });

  test('throws when it is aborted', async () => {
    await listening(createServer(() => undefined));
    const abort = new AbortController();

    const asked = here()(socket, one, { stamp: '1', signal: abort.signal });
    abort.abort(new Error('stopped'));

    await expect(asked).rejects.toThrow('stopped');
  });
});

describe('having a program change something', () => {
  const stop = { method: '/runtime.v1.RuntimeService/StopPodSandbox', message: '0a0161' };

  test('asks each time, and keeps no answer', async () => {
    const count = await grpc((stream) => answerWith(stream, frame('')));
    const call = createCall((path) => path);

    const answers = [await call(socket, stop), await call(socket, stop)];

    expect(answers).toMatchObject([{ message: Buffer.of() }, { message: Buffer.of() }]);
    expect(count.asked).toBe(2);
  });

  test('gives up after its own time limit', async () => {
    await grpc(() => undefined);

    const answer = await createCall((path) => path)(socket, stop, { timeoutMs: 20 });

    expect(answer).toEqual({ problem: 'it did not answer within 0.02 s' });
  });
});
