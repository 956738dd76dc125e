/** Stands between an agent and its API server, and breaks off every connection soon after it was opened. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Long enough for a list and the beginning of a watch. */
const OPEN_MS = 600;

/** A proxy of TCP connections, which passes everything on until it is told to break. */
export interface BreakingProxy {
  readonly url: string;
  /** Breaks connections from now on, until as many were opened anew or the time is over; returns how many were. */
  readonly breakOff: (reconnects: number, withinMs: number) => Promise<number>;
  readonly close: () => void;
}

/** A proxy in front of the server at a port of this machine. */
export async function startBreakingProxy(port: number): Promise<BreakingProxy> {
  const open = new Set<Socket>();
  let onOpened: (socket: Socket) => void = () => {};
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    open.add(client);
    client.once('close', () => {
      open.delete(client);
      upstream.destroy();
    });
    upstream.once('close', () => client.destroy());
    for (const socket of [client, upstream]) socket.on('error', () => {});
    client.pipe(upstream).pipe(client);
    onOpened(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    breakOff: async (reconnects, withinMs) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      let count = 0;
      onOpened = (socket) => {
        count += 1;
        if (count >= reconnects) resolve();
        else setTimeout(() => socket.destroy(), OPEN_MS);
      };
      for (const socket of open) socket.destroy();
      const over = setTimeout(resolve, withinMs);
      await promise;
      clearTimeout(over);
      onOpened = () => {};
      return count;
    },
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
