/** Keeps the one connection that is in use, and opens the next one when it broke or must not be used any more. */
import type { Connection } from './connection.ts';
import type { Access } from './credentials.ts';
import { dial, type Patience } from './dial.ts';
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

  const retire = (old: Slot) => {
    const { open } = old;
    if (open === undefined) return;
    for (const other of draining) if (other.isDone()) draining.delete(other);
    draining.add(open);
    open.drain();
  };
  const open = (access: Access): Promise<Connection> => {
    const made: Slot = { key: access.key, opening: connect(access, patience), open: undefined };
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

async function connect(access: Access, patience: Patience): Promise<Connection> {
  const socket = await dial(access, ['h2', 'http/1.1'], patience.connectMs);
  if (socket.alpnProtocol === 'h2') return createHttp2Connection(socket, access.server, patience);
  return createHttp1Connection(socket, access.server, () => dial(access, ['http/1.1'], patience.connectMs));
}
