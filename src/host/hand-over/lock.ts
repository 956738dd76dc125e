/**
 * One writer per host. The lock is a claim in `/run/nodeprep/lock`: only who may write there (root on a host) can make
 * one, it is the same for all network namespaces and for a pod that has the host's root, and the kernel ends it with its
 * process, however that dies. A process that connects is told who holds the host.
 */
import { realpathSync } from 'node:fs';
import {
  type Claim,
  type ClaimDirectory,
  claimsIn,
  fateOf,
  makeClaim,
  onRemoved,
  openClaims,
  isAlive,
  removeClaim,
} from './claims.ts';
import { holderFrom, type LockHolder, nameOf, parseLine, renderHolder } from './holder.ts';
import { oldNameOf, takeOldName } from './old-name.ts';
import { errnoOf, fileErrorFrom } from '../linux/files/file-errors.ts';
import { linkTrail } from '../watch/link-trail.ts';

/** Where claims on a host are. */
export const LOCK_DIRECTORY = '/run/nodeprep/lock';

/** The right to change a host, until it is released or the process ends. */
export interface HostLock {
  /** Who has the name of earlier versions without any right to it, in words; the host is ours all the same. */
  readonly stranger?: string;
  readonly release: () => Promise<void>;
}

/** Another process holds the host. */
export class HostBusyError extends Error {
  override readonly name = 'HostBusyError';
  /** `undefined` when the holder does not answer. */
  readonly holder: LockHolder | undefined;

  constructor(holder: LockHolder | undefined) {
    const who =
      holder === undefined
        ? 'a process of root that does not answer (or hangs) has it; "ss -xlp | grep nodeprep" shows what it is'
        : `${nameOf(holder)} is already managing it; ${adviceFor(holder)}`;
    super(`Cannot take the host: ${who}`);
    this.holder = holder;
  }
}

function adviceFor(holder: LockHolder): string {
  return holder.rank === 'cluster'
    ? 'change the NodePrep of this node with kubectl, or keep the DaemonSet off this node first'
    : 'stop it first ("systemctl stop nodeprep" for the service) or let it do the work';
}

/** The host that is meant. */
export interface LockedHost {
  readonly root: string;
  /** Whether `root` is the running host, wherever it is mounted. */
  readonly live?: boolean;
}

/** What takes a host. */
export interface LockOptions extends LockedHost {
  readonly holder: LockHolder;
  /** Who stands by, asked whenever a process wants to know who holds the host. */
  readonly standby?: () => readonly LockHolder[];
}

/** The directory of the lock may be removed while it is opened. */
const ATTEMPTS = 5;

/** Takes the host, or throws `HostBusyError`. Does not keep the process alive. */
export async function acquireHostLock(options: LockOptions): Promise<HostLock> {
  for (let attempt = 1; ; attempt += 1) {
    const directory = claimsOf(options, true);
    if (directory === undefined) throw new Error(`Cannot take the host: "${LOCK_DIRECTORY}" cannot be made`);
    try {
      return await takeWith(directory, options);
    } catch (error) {
      directory.close();
      if (errnoOf(error) === 'ENOENT' && attempt < ATTEMPTS) continue;
      throw errnoOf(error) === undefined ? error : fileErrorFrom('take the host with', directory.path, error);
    }
  }
}

async function takeWith(directory: ClaimDirectory, options: LockOptions): Promise<HostLock> {
  const line = () => renderHolder(options.holder, options.standby?.() ?? []);
  const claim = await winClaim(directory);
  claim.confirm(line);
  const old = isRunningHost(options) ? await takeOldName(options.root, line) : undefined;
  if (typeof old === 'object' && old.is === 'held') {
    await claim.withdraw();
    throw new HostBusyError(old.holder);
  }
  const giveUp = keepShown(directory, claim, options, line);
  let released: Promise<void> | undefined;
  const release = async () => {
    // In this order: a process that sees that the claim is gone finds the old name free.
    if (typeof old === 'function') await old();
    await giveUp();
  };
  return {
    ...(typeof old === 'object' && old.is === 'strange' ? { stranger: strangerText(old.stranger) } : {}),
    release: () => (released ??= release()),
  };
}

/** Shows the claim again when /run is cleared; returns how to give it up. */
function keepShown(directory: ClaimDirectory, claim: Claim, host: LockedHost, line: () => string): () => Promise<void> {
  let stopped = false;
  let turn = Promise.resolve();
  let shown = { directory, claim, stop: () => undefined as void };
  const listen = () => {
    shown.stop = onRemoved(shown.directory, shown.claim, () => {
      turn = again().catch(() => undefined);
    });
  };
  const drop = async () => {
    shown.stop();
    await shown.claim.withdraw();
    shown.directory.close();
  };
  const again = async () => {
    const next = claimsOf(host, true);
    if (next === undefined) return;
    const anew = await makeClaim(next);
    anew.confirm(line);
    await drop();
    shown = { directory: next, claim: anew, stop: () => undefined };
    if (!stopped) listen();
  };
  listen();
  return async () => {
    stopped = true;
    await turn;
    await drop();
  };
}

/** Who manages the host now; `undefined` when no process does, or none that answers. */
export async function lockHolder(host: LockedHost): Promise<LockHolder | undefined> {
  const directory = claimsOf(host, false);
  try {
    for (const name of directory === undefined ? [] : claimsIn(directory)) {
      const fate = directory && (await fateOf(directory, name));
      if (fate?.is === 'held') return holderFrom(parseLine(fate.line ?? ''));
    }
  } finally {
    directory?.close();
  }
  if (!isRunningHost(host)) return undefined;
  const old = await oldNameOf(host.root);
  return old.is === 'held' ? old.holder : undefined;
}

/** Who has the name of earlier versions without any right to it, in a sentence; `undefined` when no process has it. */
export async function strangerOn(host: LockedHost): Promise<string | undefined> {
  if (!isRunningHost(host) || (await lockHolder(host)) !== undefined) return undefined;
  const old = await oldNameOf(host.root);
  return old.is === 'strange' ? strangerText(old.stranger) : undefined;
}

function strangerText(stranger: string): string {
  return `The socket "@nodeprep" is held by ${stranger}, which is no NodePrep of root; it is not believed, and no longer decides who manages this host`;
}

function isRunningHost({ root, live = false }: LockedHost): boolean {
  return live || realpathSync.native(root) === '/';
}

function claimsOf({ root }: LockedHost, create: boolean): ClaimDirectory | undefined {
  const real = realpathSync.native(root);
  const path = linkTrail(real === '/' ? '' : real, LOCK_DIRECTORY).at(-1);
  return openClaims(path ?? `${real}${LOCK_DIRECTORY}`, create);
}

/** Of all who claim the host at the same time the one with the smallest name gets it; a holder keeps it. */
async function winClaim(directory: ClaimDirectory): Promise<Claim> {
  for (;;) {
    const claim = await makeClaim(directory);
    let steppedBack = false;
    const stepBack = async () => {
      if (!steppedBack) await claim.withdraw();
      steppedBack = true;
    };
    for (const name of claimsIn(directory, claim)) {
      if (!(await isAlive(directory.at(name)))) {
        removeClaim(directory, name);
        continue;
      }
      // The greater name steps back before it waits for an answer, so that never two wait for each other.
      if (name < claim.name) await stepBack();
      const fate = await fateOf(directory, name);
      if (fate.is === 'gone') continue;
      await stepBack();
      throw new HostBusyError(holderFrom(parseLine(fate.line ?? '')));
    }
    if (!steppedBack) return claim;
  }
}
