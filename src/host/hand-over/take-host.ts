/**
 * Takes a running host, however long that takes: asks a holder with a lesser claim to hand it over,
 * stands by behind all others. The lock alone decides who may write; all that is said over the
 * control socket only makes the change quick.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlLink, type ControlServer, connectControl, serveControl } from './control.ts';
import { type LockHolder, outranks } from './holder.ts';
import { acquireHostLock, HostBusyError, type HostLock, type LockedHost } from './lock.ts';

/** The time in which the host is ours. */
export interface HostTurn {
  /** Aborted when a process with a better claim asks for the host: finish the work at hand, then release. */
  readonly asked: AbortSignal;
  /** Who asked. */
  readonly askedBy: () => LockHolder | undefined;
  /** Who has the name of earlier versions without any right to it, in a sentence. */
  readonly stranger?: string;
  readonly release: () => Promise<void>;
}

/** Behind whom and why a process stands by. */
export interface Standby {
  /** `undefined` when whatever has the host does not answer. */
  readonly holder: LockHolder | undefined;
  /** Whether the holder has shown to be root on this host, so that the host is taken care of. */
  readonly proven: boolean;
  readonly why: string;
}

/** How a host is taken. */
export interface TakeHostOptions extends LockedHost {
  /** Who we are, with a rank. */
  readonly me: LockHolder;
  /** The control socket, see `controlPath`; without it no holder is asked, and the lock is tried repeatedly. */
  readonly control: string | undefined;
  /** 0 to 1. */
  readonly random: () => number;
  /** We have just handed the host over, so another process is to have it first. */
  readonly yielded: boolean;
  /** Called once for every new reason to wait. */
  readonly onStandby: (standby: Standby) => void;
  /** No process will be able to ask for the host, or to see at once that this one is gone. */
  readonly onProblem: (message: string) => void;
}

/** A container that is started again takes about a second; it is to win over the unit. */
const YIELD_MS = { least: 2000, spread: 2000 };
/** How often the lock is tried while no holder tells when it becomes free. */
const LOOK_MS = { least: 1000, spread: 2000 };
/** A process that was told that the host is free comes at once, and again while the old holder is still ending. */
const EAGER_MS = [20, 50, 100, 200, 400] as const;

/** Resolves when the host is ours; `undefined` when aborted before. */
export async function takeHost(options: TakeHostOptions, signal: AbortSignal): Promise<HostTurn | undefined> {
  const { me, random } = options;
  const path = options.control;
  const wait = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined);
  const about = ({ least, spread }: typeof YIELD_MS) => least + spread * random();
  let said = '';
  let eager: number = EAGER_MS.length;
  if (options.yielded) await wait(about(YIELD_MS));
  while (!signal.aborted) {
    const result = await attempt(options);
    if (!(result instanceof HostBusyError)) return result;

    const ask = me.rank === 'cluster' ? 'hand-over' : 'wait';
    const link = path === undefined ? undefined : await connectControl(path, me, ask, signal);
    // A holder with much to do may be too slow for a process that tries the lock; this answer is root's, too.
    const holder = link?.holder ?? result.holder;
    const why = whyOf(me, holder, link);
    // The same reason is told once, however often the lock is looked at.
    if (!signal.aborted && eager >= EAGER_MS.length && said !== `${holder?.pid} ${why}`) {
      said = `${holder?.pid} ${why}`;
      options.onStandby({ holder, proven: link !== undefined, why });
    }
    if (link === undefined) {
      await wait(EAGER_MS[eager] ?? about(LOOK_MS));
      eager += 1;
      continue;
    }
    await closedOr(link, signal);
    eager = 0;
    if (me.rank !== 'cluster') {
      await wait(about(YIELD_MS));
      eager = EAGER_MS.length;
    }
  }
  return undefined;
}

async function attempt(options: TakeHostOptions): Promise<HostTurn | HostBusyError> {
  const { control: path } = options;
  let control: ControlServer | undefined;
  let lock: HostLock;
  try {
    lock = await acquireHostLock({ ...options, holder: options.me, standby: () => control?.waiting() ?? [] });
  } catch (error) {
    if (error instanceof HostBusyError) return error;
    throw error;
  }
  const asked = new AbortController();
  let by: LockHolder | undefined;
  try {
    if (path !== undefined) {
      control = await serveControl(path, options.me, (asker) => {
        if (!outranks(asker, options.me)) return { answer: 'no', why: 'it has the same right to the host' };
        by = asker;
        asked.abort();
        return { answer: 'soon' };
      });
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    options.onProblem(`Cannot make the control socket "${path}": ${detail}`);
  }
  return {
    ...(lock.stranger === undefined ? {} : { stranger: lock.stranger }),
    asked: asked.signal,
    askedBy: () => by,
    release: async () => {
      // In this order: the name of the socket goes before the next holder makes it anew, and waiting processes are told last.
      control?.stop();
      await lock.release();
      control?.end();
    },
  };
}

function whyOf(me: LockHolder, holder: LockHolder | undefined, link: ControlLink | undefined): string {
  if (holder === undefined) return 'a process of root that does not answer has the host';
  if (link?.answer.answer === 'soon') return 'it hands the host over when it has finished what it does';
  if (link?.answer.answer === 'no') return link.answer.why;
  if (link !== undefined) return 'it manages this host';
  if (holder.command !== 'run') return 'it works on this host now';
  if (holder.rank !== undefined) return 'it has the lock of this host, but does not answer on its control socket';
  if (me.rank === 'host') return 'it manages this host';
  return 'it cannot be asked to hand the host over; stop or upgrade it ("systemctl stop nodeprep" for the service)';
}

function closedOr(link: ControlLink, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const abort = () => {
      link.close();
      resolve();
    };
    signal.addEventListener('abort', abort, { once: true });
    void link.closed.then(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    if (signal.aborted) abort();
  });
}
