/** What every part of the plan looks at. */
import type { Memory } from '../../area.ts';
import { type Rules, rulesOf, settledBy } from '../boot-files/chain.ts';
import type { Desired, WantedSysctl } from '../desired.ts';
import { keyPathFrom } from '../values/key-path.ts';
import type { Observed } from '../observe/observe.ts';
import { CONF_PATH, isOurs } from '../boot-files/own-files.ts';
import type { Reader } from '../boot-files/parse-conf.ts';
import { compareBytes, SYSCTL_CONF } from '../boot-files/sysctl-d.ts';

/** Input of the plan with what several of its parts derive from it. */
export interface PlanContext {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly memory: Memory;
  /** Values of our own file; empty while the file is not ours. */
  readonly own: ReadonlyMap<string, string>;
  /** The chain without our file. */
  readonly others: Readonly<Record<Reader, Rules>>;
  /** The part of the chain that is read after our file and so beats it. */
  readonly later: Readonly<Record<Reader, Rules>>;
  /** What the boot would set without our file. */
  readonly foreignValue: (entry: WantedSysctl) => string | undefined;
  /** A value of the form that the parameter has: that of the kernel, or else the declared one. */
  readonly shapeOf: (entry: WantedSysctl) => string;
}

/** Derives the context of one plan. */
export function contextFrom(desired: Desired, observed: Observed, memory: Memory): PlanContext {
  const { conf } = observed;
  const isOwn = conf.state === 'file' && isOurs(CONF_PATH, conf.bytes, memory);
  const own = isOwn ? conf.values : new Map<string, string>();
  const others = byReader((reader) => rulesOf(observed.chain, reader, (path) => path !== CONF_PATH));
  const later = byReader((reader) => rulesOf(observed.chain, reader, isReadAfterOurs));
  return {
    desired,
    observed,
    memory,
    own,
    others,
    later,
    foreignValue: (entry) => settledBy(others.systemd, keyPathFrom(entry.name), shapeOf(entry, observed))?.value,
    shapeOf: (entry) => shapeOf(entry, observed),
  };
}

/** A value of the form that the parameter has: that of the kernel, or else the declared one. */
export function shapeOf(entry: Pick<WantedSysctl, 'name' | 'value'>, observed: Pick<Observed, 'live'>): string {
  const live = observed.live.get(entry.name);
  return live?.state === 'value' ? live.value : entry.value;
}

function byReader<T>(make: (reader: Reader) => T): Readonly<Record<Reader, T>> {
  return { systemd: make('systemd'), procps: make('procps') };
}

function isReadAfterOurs(path: string): boolean {
  return path === SYSCTL_CONF || compareBytes(nameOf(path), nameOf(CONF_PATH)) > 0;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
