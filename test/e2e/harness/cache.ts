/** Where images, snapshots and running machines live, and how a finished folder gets there. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The folder of everything that survives between runs of the tests. */
export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'];
  const folder = join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'nodeprep-e2e');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * A new folder for something of this process. Folders that a killed run has left are removed: their names begin with the
 * process that made them.
 */
export function newFolder(kind: string): string {
  const all = join(cacheFolder(), kind);
  mkdirSync(all, { recursive: true });
  for (const name of readdirSync(all)) {
    if (!existsSync(`/proc/${name.split('.')[0]}`)) rmSync(join(all, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(all, `${process.pid}.`));
}

/** A short name for the content of files, for keys of the cache. */
export function hashOf(...files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 12);
}

/**
 * The folder `kind-key`, filled by `fill` when it is missing. It appears only when complete, so a killed
 * run leaves nothing half done. Folders of the same kind with other keys are outdated and removed.
 */
export async function cached(kind: string, key: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), `${kind}-${key}`);
  const lock = join(cacheFolder(), `making-${kind}`);
  // Two test files that need the same must not make it twice.
  while (!existsSync(folder)) {
    if (!take(lock)) {
      await sleep(500);
      continue;
    }
    try {
      if (!existsSync(folder)) await make(folder, kind, fill);
    } finally {
      rmSync(lock, { force: true });
    }
  }
  return folder;
}

async function make(folder: string, kind: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const cache = cacheFolder();
  for (const name of readdirSync(cache)) {
    const maker = /^unfinished-(\d+)-/.exec(name)?.[1];
    if (maker !== undefined && !existsSync(`/proc/${maker}`))
      rmSync(join(cache, name), { recursive: true, force: true });
    if (name.startsWith(`${kind}-`)) rmSync(join(cache, name), { recursive: true, force: true });
  }
  const unfinished = join(cache, `unfinished-${process.pid}-${kind}`);
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished);
  try {
    await fill(unfinished);
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Takes a lock, also that of a process that has ended; false while another process works under it. */
function take(lock: string): boolean {
  try {
    const owner = readlinkSync(lock);
    if (identityOf(parseInt(owner)) !== owner) rmSync(lock, { force: true });
  } catch {
    // There is no lock, or its owner has just given it back.
  }
  try {
    symlinkSync(identityOf(process.pid) ?? '', lock);
    return true;
  } catch {
    return false;
  }
}

/** A process id with the start of the process, because ids come again after a boot; `undefined` when there is none. */
function identityOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before it may contain anything.
    const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${pid}-${startedAt}`;
  } catch {
    return undefined;
  }
}
