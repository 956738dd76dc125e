/** Holds the connection in use, and opens the next one when it broke or must no longer be used. */
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Connection } from './connection.ts';
import type { Access } from './credentials.ts';
import { type Destination, dial, type Patience } from './dial.ts';
import { createHttp1Connection } from './http1-connection.ts';
import { createHttp2Connection } from './http2-connection.ts';

/** Hands out the connection for an access. */
export interface Connections {
  readonly forAccess: (access: Access) => Promise<Connection>;
  readonly destroy: () => void;
}

interface Slot {
  readonly key: string;
  readonly opening: Promise<Connection>;
  open: Connection | undefined;
}

/** No connection until the first one is asked for. */
export function createConnections(patience: Patience): Connections {
  let slot: Slot | undefined;
  let isDestroyed = false;
  /** Those whose last exchange has not ended; a watch lives on after its certificate was replaced. */
  const draining = new Set<Connection>();
  let context: { readonly key: string; readonly secureContext: SecureContext } | undefined;

  /**
   * Parses certificates once per access. What that costs is outside of the JavaScript heap, where the
   * garbage collector does not see how much waits for it.
   */
  const destinationOf = (access: Access): Destination => {
    if (context?.key !== access.key) {
      const { ca, cert, key } = access.tls;
      context = { key: access.key, secureContext: createSecureContext({ ca, cert, key }) };
    }
    return { access, secureContext: context.secureContext };
  };

  const retire = (old: Slot) => {
    const { open } = old;
    if (open === undefined) return;
    for (const other of draining) if (other.isDone()) draining.delete(other);
    draining.add(open);
    open.drain();
  };
  const open = (access: Access): Promise<Connection> => {
    const opening = connect(destinationOf(access), patience);
    const made: Slot = { key: access.key, opening, open: undefined };
    slot = made;
    return made.opening.then(
      (connection) => {
        made.open = connection;
        if (isDestroyed) connection.destroy();
        else if (slot !== made) retire(made);
        return connection;
      },
      (error: unknown) => {
        if (slot === made) slot = undefined;
        throw error;
      },
    );
  };
  return {
    forAccess: async (access) => {
      if (slot !== undefined && slot.key === access.key && slot.open?.isUsable() !== false) return slot.opening;
      if (slot !== undefined) retire(slot);
      return open(access);
    },
    destroy: () => {
      isDestroyed = true;
      slot?.open?.destroy();
      for (const connection of draining) connection.destroy();
      draining.clear();
    },
  };
}

async function connect(to: Destination, patience: Patience): Promise<Connection> {
  const { server } = to.access;
  const socket = await dial(to, ['h2', 'http/1.1'], patience.connectMs);
  if (socket.alpnProtocol === 'h2') return createHttp2Connection(socket, server, patience);
  return createHttp1Connection(socket, server, () => dial(to, ['http/1.1'], patience.connectMs));
}
