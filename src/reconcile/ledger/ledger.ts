/**
 * The record of how things were before NodePrep, synced to disk before the first change of each.
 * The first original wins forever; `forget` is called only after a thing is back or given up.
 */
import type { AreaName } from '../../api/spec/nodeprep.ts';
import type { Memo, Memory, Remembered } from '../../areas/area.ts';
import type { Host, HostReader } from '../../host/host.ts';
import { type Areas, contentFrom, type LedgerContent, mergedContent, NO_BOOT } from './content.ts';
import { readRecord, type RecordFile, setAside } from './record.ts';

/** Folder of everything that must survive a reboot. */
export const STATE_DIRECTORY = '/var/lib/nodeprep';
/** The file of the originals. */
export const LEDGER_PATH = `${STATE_DIRECTORY}/ledger.json`;
const LEDGER_VERSION = 1;

/** How a ledger is called that this or another version could not use. */
const ASIDE = /^ledger\.json\.unusable-/;

/** Originals by area; every change is on disk when the promise resolves. */
export interface Ledger {
  readonly memory: (area: AreaName) => Memory;
  /** Records originals that are not known yet and what is about to be written. */
  readonly remember: (area: AreaName, memos: readonly Memo[]) => Promise<void>;
  readonly forget: (area: AreaName, keys: readonly string[]) => Promise<void>;
  /** Marks exactly these as left until the next reboot, when they are forgotten. */
  readonly leave: (area: AreaName, keys: readonly string[]) => Promise<void>;
  /** Writes what can wait until after the changes, such as the time of the last one. */
  readonly settle: () => Promise<void>;
  /** Set when an unreadable ledger was kept aside at start: what happened, for the log and the status. */
  readonly warning?: string;
}

/**
 * Opens the ledger for writing. One that is truncated, foreign or from a newer version is moved
 * aside, never deleted, and said in `warning`; one that was moved aside and can be used by this
 * version is taken back. Throws `HostFileError` when the ledger cannot be read.
 */
export async function openLedger(host: Host, now: () => Date): Promise<Ledger> {
  const boot = await bootOf(host);
  const found = await findLedger(host, boot);
  const moved = found.problem === undefined ? undefined : await setAside(host, LEDGER_PATH, found.problem, now());
  const { unreadable } = found.content;
  let { areas } = found.content;

  let written = found.asides.length > 0 ? undefined : JSON.stringify(areas);
  const save = async (next: Areas) => {
    if (JSON.stringify(next) !== written) {
      const kept = unreadable.length > 0 ? { unreadable } : {};
      const content = { kind: 'Ledger', version: LEDGER_VERSION, areas: next, ...kept };
      await host.writeFile(LEDGER_PATH, `${JSON.stringify(content, undefined, 1)}\n`, { mode: 0o600 });
      written = JSON.stringify(next);
    }
    areas = next;
  };
  if (found.asides.length > 0) {
    await save(areas);
    for (const path of found.asides) await host.removeFile(path);
  }
  const warning = [moved, ...warningsOf(found)].filter((one) => one !== undefined).join('; ');

  // Several areas may be at work, and each write is of all of them.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (change: () => Promise<void>): Promise<void> => {
    const done = last.then(change);
    last = done.catch(() => undefined);
    return done;
  };
  const remember = async (area: AreaName, memos: readonly Memo[]): Promise<void> => {
    const known = areas[area] ?? {};
    const fresh = memos.filter((memo) => !isRecorded(known[memo.key], memo));
    const entries = { ...known };
    // Two steps may speak of the same thing, so each memo builds on the one before.
    for (const memo of memos) entries[memo.key] = rememberedFrom(entries[memo.key], memo, now().toISOString());
    const next = { ...areas, [area]: entries };
    // Correcting drift writes what was written before: only the time is new, and an fsync would be
    // most of the time to repair. `settle` writes it afterwards.
    if (fresh.length > 0) await save(next);
    else if (memos.length > 0) areas = next;
  };
  const forget = async (area: AreaName, keys: readonly string[]): Promise<void> => {
    const entries = { ...areas[area] };
    for (const key of keys) delete entries[key];
    const { [area]: _, ...others } = areas;
    await save(Object.keys(entries).length === 0 ? others : { ...others, [area]: entries });
  };
  const leave = async (area: AreaName, keys: readonly string[]): Promise<void> => {
    const entries = areas[area];
    if (entries === undefined || isLeft(memoryOf(areas, area), keys)) return;
    const marked = { ...entries };
    for (const [key, entry] of Object.entries(entries)) {
      const { leftIn: _, ...rest } = entry;
      marked[key] = keys.includes(key) ? { ...rest, leftIn: boot } : rest;
    }
    await save({ ...areas, [area]: marked });
  };

  return {
    ...(warning === '' ? {} : { warning }),
    memory: (area) => memoryOf(areas, area),
    remember: (area, memos) => inTurn(() => remember(area, memos)),
    forget: (area, keys) => inTurn(() => forget(area, keys)),
    leave: (area, keys) => inTurn(() => leave(area, keys)),
    settle: () => inTurn(() => save(areas)),
  };
}

/** A ledger for commands that change nothing: a ledger that cannot be read counts as empty, and is said. */
export async function readLedger(host: HostReader): Promise<Pick<Ledger, 'memory' | 'warning'>> {
  const found = await findLedger(host, await bootOf(host));
  const problem = found.problem === undefined ? [] : [`${LEDGER_PATH} ${found.problem}`];
  const warning = [...problem, ...warningsOf(found)].join('; ');
  return {
    memory: (area) => memoryOf(found.content.areas, area),
    ...(warning === '' ? {} : { warning }),
  };
}

/** Whether exactly these keys are marked as left. */
export function isLeft(memory: Memory, keys: readonly string[]): boolean {
  return [...memory].every(([key, { leftIn }]) => (leftIn !== undefined) === keys.includes(key));
}

/** The boot that the kernel of the host is in; where none runs, nothing is left to a reboot. */
async function bootOf(host: HostReader): Promise<string> {
  const text = await host.readFile('/proc/sys/kernel/random/boot_id').catch(() => undefined);
  return text?.trim() || NO_BOOT;
}

interface FoundLedger {
  readonly content: LedgerContent;
  readonly problem?: string;
  /** Files that were moved aside earlier and are part of the content now. */
  readonly asides: readonly string[];
}

/** After a downgrade and an upgrade the ledger of the newer version is aside, with the first originals. */
async function findLedger(host: HostReader, boot: string): Promise<FoundLedger> {
  const { content: record, problem } = await readRecord(host, LEDGER_PATH, 'Ledger', LEDGER_VERSION);
  let content = contentFrom(record, boot);
  const asides: string[] = [];
  for (const name of (await host.listDirectory(STATE_DIRECTORY)) ?? []) {
    if (!ASIDE.test(name)) continue;
    const path = `${STATE_DIRECTORY}/${name}`;
    const aside = await readRecord(host, path, 'Ledger', LEDGER_VERSION).catch((): RecordFile => ({}));
    if (aside.content === undefined) continue;
    content = mergedContent(content, contentFrom(aside.content, boot));
    asides.push(path);
  }
  return { content, asides, ...(problem === undefined ? {} : { problem }) };
}

function warningsOf({ content: { unreadable }, asides }: FoundLedger): readonly string[] {
  const names = unreadable.slice(0, 5).map(({ area, key }) => JSON.stringify(key ?? area));
  const what = `${names.join(', ')}${unreadable.length > names.length ? ', ...' : ''}`;
  return [
    ...asides.map((path) => `${path} can be used by this version and was taken back into ${LEDGER_PATH}`),
    ...(unreadable.length === 0
      ? []
      : [
          `${LEDGER_PATH} has ${unreadable.length} entries that are no originals (${what}); they are kept there under "unreadable", and what they are about is not restored`,
        ]),
  ];
}

const memories = new WeakMap<object, Memory>();
const NOTHING: Memory = new Map();

/** The same object as long as nothing is recorded or forgotten, which saves planning again. */
function memoryOf(areas: Areas, area: AreaName): Memory {
  const entries = areas[area];
  if (entries === undefined) return NOTHING;
  const memory = memories.get(entries) ?? new Map(Object.entries(entries));
  memories.set(entries, memory);
  return memory;
}

/** Whether a crash right after the step would still find everything it needs. */
function isRecorded(known: Remembered | undefined, memo: Memo): boolean {
  if (known === undefined) return false;
  // What is written is the original: there will be nothing to take back.
  const isOriginal = known.original.state === 'value' && known.original.value === memo.wrote;
  return memo.wrote === undefined || known.wrote.at(-1) === memo.wrote || (isOriginal && known.wrote.length === 0);
}

function rememberedFrom(known: Remembered | undefined, memo: Memo, time: string): Remembered {
  const before = known?.wrote ?? [];
  // A crash between this record and the write itself leaves the previous value on the host, so the
  // last two count as ours when it comes to restoring.
  const wrote = memo.wrote === undefined || before.at(-1) === memo.wrote ? before : [...before, memo.wrote].slice(-2);
  return {
    key: memo.key,
    original: known?.original ?? memo.original,
    wrote,
    since: known?.since ?? time,
    changed: time,
  };
}
