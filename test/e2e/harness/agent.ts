/**
 * The line to the agent inside a machine: a virtio serial port, here a Unix socket. Commands travel over
 * it and not over a network, so a mistake with a firewall or an interface cannot hide what happened.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a script in the machine ended with; standard output and error are one text. */
export interface Answer {
  readonly exitCode: number;
  readonly output: string;
}

/** One port of a machine. Runs one script at a time; later ones wait. */
export interface Agent {
  /** Rejects when the machine gave no answer in time or the line broke. */
  readonly exec: (script: string, timeoutMs: number) => Promise<Answer>;
  /** Resolves with the boot_id of the next boot at which the agent reports. */
  readonly nextBoot: (timeoutMs: number) => Promise<string>;
  readonly close: () => void;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** Connects as soon as QEMU has made the socket. */
export async function connectAgent(path: string, timeoutMs: number): Promise<Agent> {
  const socket = await connectSocket(path, timeoutMs);
  const waiting = new Map<string, Waiting>();
  let pending: Buffer = Buffer.alloc(0);
  let counter = 0;
  let last: Promise<unknown> = Promise.resolve();

  const fail = (why: string) => {
    for (const [id, { reject }] of waiting) {
      waiting.delete(id);
      reject(new Error(`The machine went away: ${why}`));
    }
  };
  socket.on('error', (error) => fail(error.message));
  socket.on('close', () => fail('its serial port was closed'));
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const end = pending.indexOf(10);
      if (end < 0) return;
      const header = /@ (\S+) (\d+) (\d+)$/.exec(pending.toString('latin1', 0, end));
      if (header === null) {
        pending = pending.subarray(end + 1);
        continue;
      }
      const [, id = '', exitCode = '', length = ''] = header;
      const until = end + 1 + Number(length);
      if (pending.length < until) return;
      const output = pending.toString('utf8', end + 1, until);
      pending = pending.subarray(until);
      waiting.get(id)?.resolve({ exitCode: Number(exitCode), output });
      waiting.delete(id);
    }
  });

  const answerTo = (id: string, what: string, limitMs: number) =>
    new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(new Error(`The machine gave no answer within ${limitMs / 1000} s: ${what}`));
      }, limitMs);
      waiting.set(id, {
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });

  const send = (script: string, limitMs: number) => {
    const body = Buffer.from(`${script}\n`);
    const id = `${process.pid}.${++counter}`;
    const answer = answerTo(id, script.slice(0, 200), limitMs);
    socket.write(Buffer.concat([Buffer.from(`${id} ${body.length}\n`), body]));
    return answer;
  };

  return {
    exec: (script, limitMs) => {
      const answer = last.then(() => send(script, limitMs));
      last = answer.catch(() => undefined);
      return answer;
    },
    nextBoot: async (limitMs) => (await answerTo('boot', 'waiting for a boot', limitMs)).output,
    close: () => socket.destroy(),
  };
}

/** Connects to a Unix socket that may not exist yet. */
export async function connectSocket(path: string, timeoutMs: number): Promise<Socket> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await new Promise<Socket>((resolve, reject) => {
        const socket = connect(path, () => resolve(socket.off('error', reject)));
        socket.once('error', reject);
      });
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`Cannot connect to the machine at ${path}`, { cause: error });
      await sleep(20);
    }
  }
}
