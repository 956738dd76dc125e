/** A TCP proxy that breaks what goes through it, below TLS: what cables, routers and firewalls do. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The proxy and its faults. */
export interface TcpFaultProxy {
  readonly port: number;
  /** Connections that were accepted since the start. */
  readonly accepted: () => number;
  /** Connections that are open now. */
  readonly open: () => number;
  /** Ends all connections with RST. */
  readonly reset: () => void;
  /** Ends all connections with FIN, in the middle of whatever was said. */
  readonly hangUp: () => void;
  /** Keeps all connections, old and new, and passes nothing on, in neither direction. */
  readonly freeze: () => void;
  /** Passes on again, also what came meanwhile. */
  readonly thaw: () => void;
  /** Resets each new connection at once while it is true. */
  readonly refuse: (isRefused: boolean) => void;
  readonly close: () => Promise<void>;
}

/** Starts a proxy in front of a port of the loopback address, by default on any free port of the same address. */
export async function startTcpFaultProxy(
  targetPort: number,
  at: { readonly host: string; readonly port: number } = { host: '127.0.0.1', port: 0 },
): Promise<TcpFaultProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let accepted = 0;
  let isFrozen = false;
  let isRefused = false;
  const server = createServer((client) => {
    accepted += 1;
    if (isRefused) {
      client.resetAndDestroy();
      return;
    }
    const target = connect(targetPort, '127.0.0.1');
    const pair = [client, target] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [target, client] as const]) {
      from.on('data', (chunk) => to.write(chunk));
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
      if (isFrozen) from.pause();
    }
  });
  server.listen(at);
  await once(server, 'listening');
  const each = (work: (client: Socket, target: Socket) => void) => {
    for (const [client, target] of pairs) work(client, target);
  };
  return {
    port: (server.address() as AddressInfo).port,
    accepted: () => accepted,
    open: () => pairs.size,
    reset: () => each((client) => client.resetAndDestroy()),
    hangUp: () => each((client) => client.end()),
    freeze: () => {
      isFrozen = true;
      each((client, target) => {
        client.pause();
        target.pause();
      });
    },
    thaw: () => {
      isFrozen = false;
      each((client, target) => {
        client.resume();
        target.resume();
      });
    },
    refuse: (value) => {
      isRefused = value;
    },
    close: async () => {
      each((client) => client.destroy());
      server.close();
      await once(server, 'close');
    },
  };
}
