/** The monitor of QEMU: the few commands that freeze and thaw a machine. */
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectSocket } from './agent.ts';

/** A connection to the monitor of one QEMU. */
export interface Monitor {
  /** Resolves with what the command returns; rejects with the monitor's words. */
  readonly command: (name: string, parameters?: Readonly<Record<string, unknown>>) => Promise<unknown>;
  readonly close: () => void;
}

interface Reply {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

export async function connectMonitor(path: string, timeoutMs: number): Promise<Monitor> {
  const socket: Socket = await connectSocket(path, timeoutMs);
  const replies: ((reply: Reply) => void)[] = [];
  const lines = createInterface({ input: socket });
  // readline repeats the errors of its input, which are handled below.
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    const message = JSON.parse(line) as Reply & { readonly event?: string; readonly QMP?: unknown };
    // Events and the greeting answer no command; replies come in the order of the commands.
    if (message.event === undefined && message.QMP === undefined) replies.shift()?.(message);
  });
  const gone = () => {
    for (const reply of replies.splice(0)) reply({ error: { desc: 'QEMU closed its monitor' } });
  };
  socket.on('error', gone);
  socket.on('close', gone);

  const command = async (name: string, parameters: Readonly<Record<string, unknown>> = {}) => {
    const reply = await new Promise<Reply>((resolve) => {
      replies.push(resolve);
      socket.write(`${JSON.stringify({ execute: name, arguments: parameters })}\n`);
    });
    if (reply.error !== undefined) throw new Error(`QEMU refused ${name}: ${reply.error.desc}`);
    return reply.return;
  };
  await command('qmp_capabilities');
  return { command, close: () => socket.destroy() };
}

/** Leaves memory that is a shared file where it is: only the rest of the machine is written or read. */
async function ignoreShared(monitor: Monitor): Promise<void> {
  await monitor.command('migrate-set-capabilities', {
    capabilities: [{ capability: 'x-ignore-shared', state: true }],
  });
}

/** Stops the machine and writes its state to a file. */
export async function freeze(monitor: Monitor, stateFile: string): Promise<void> {
  await ignoreShared(monitor);
  await monitor.command('migrate', { uri: `exec:cat >'${stateFile}'` });
  await migrated(monitor);
}

/** Continues a machine that was started with `-incoming defer`. */
export async function thaw(monitor: Monitor, stateFile: string): Promise<void> {
  await ignoreShared(monitor);
  await monitor.command('migrate-incoming', { uri: `exec:cat '${stateFile}'` });
  await migrated(monitor);
}

async function migrated(monitor: Monitor): Promise<void> {
  for (;;) {
    const state = (await monitor.command('query-migrate')) as { status?: string; 'error-desc'?: string };
    if (state.status === 'completed') return;
    if (state.status === 'failed' || state.status === 'cancelled') {
      throw new Error(`QEMU could not move the machine: ${state['error-desc'] ?? state.status}`);
    }
    await sleep(20);
  }
}
