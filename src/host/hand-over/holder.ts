/** Who holds a host or waits for it, as processes tell each other. */

/**
 * Whose claim on a host is better: what cares for it before there is a cluster gives way to the
 * agent of the cluster, and none gives way to its equal.
 */
export type Rank = 'host' | 'cluster';

/** A process that holds a host, or wants to. */
export interface LockHolder {
  readonly pid: number;
  readonly version: string;
  /** What the person or unit started, such as `run`. */
  readonly command: string;
  /** `undefined` of a version that knows no hand-over. */
  readonly rank?: Rank;
  /** Who waits for the host to become free, as the holder knows. */
  readonly standby?: readonly LockHolder[];
}

/** As many as are told and believed; there are hardly ever more than one. */
const MOST_STANDBY = 4;

/** Whether `asker` may have what `holder` has. */
export function outranks(asker: LockHolder, holder: LockHolder): boolean {
  return asker.rank === 'cluster' && holder.rank !== 'cluster';
}

/** How messages call a holder. */
export function nameOf(holder: LockHolder | undefined): string {
  if (holder === undefined) return 'an unknown process';
  const role = holder.rank === 'cluster' ? 'the agent of the cluster, ' : '';
  return `${role}process ${holder.pid} ("${holder.command}", version ${holder.version})`;
}

/** The line that tells a holder. */
export function renderHolder(holder: LockHolder, standby: readonly LockHolder[]): string {
  const told = standby.slice(0, MOST_STANDBY);
  return `${JSON.stringify({ ...holder, ...(told.length === 0 ? {} : { standby: told }) })}\n`;
}

/** Any user may have written it, so it is untrusted text; `undefined` when it says nothing. */
export function holderFrom(said: unknown): LockHolder | undefined {
  if (typeof said !== 'object' || said === null) return undefined;
  const { pid, version, command, rank, standby } = said as Readonly<Record<string, unknown>>;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const others = Array.isArray(standby)
    ? standby.slice(0, MOST_STANDBY).map((one) => holderFrom({ ...Object(one), standby: undefined }))
    : [];
  return {
    pid,
    version: plain(version),
    command: plain(command),
    ...(rank === 'host' || rank === 'cluster' ? { rank } : {}),
    ...(others.length === 0 ? {} : { standby: others.filter((one) => one !== undefined) }),
  };
}

/** One line of JSON; `undefined` when it is none. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Text of a stranger, fit for one line of a terminal or a log. */
export function plain(value: unknown): string {
  if (typeof value !== 'string') return 'unknown';
  return value.replace(/\p{C}/gu, '?').slice(0, 200);
}
