/**
 * Fights over a restart of the daemon: without a record each new process would join them again. The record ends
 * with the boot, because what starts then may have changed. Here, too, is what a person says about fights.
 */
import { AREA_NAMES } from '../../api/spec/nodeprep.ts';
import { scalarText } from '../../api/yaml/words.ts';
import type { Host } from '../../host/host.ts';
import { STATE_DIRECTORY } from '../ledger/ledger.ts';
import { readRecord } from '../ledger/record.ts';
import { type Correction, type Fight, LONGEST_HOLD_MS } from './contention.ts';
import { tolerant } from './tolerant.ts';

/** What is held off, as the daemon keeps it until the next reboot. */
export const FIGHTS_PATH = '/run/nodeprep/fights.json';
/** What `nodeprep retry` asks for. */
export const RETRY_REQUEST_PATH = `${STATE_DIRECTORY}/retry.json`;
const KIND = 'Fights';
const REQUEST_KIND = 'Retry';
const VERSION = 1;
/** Most fights in the record. */
const MOST = 200;
/** Most corrections of one: the newest decide. */
const MOST_CORRECTIONS = 10;
/** More doublings than this change nothing, and the record must not make a delay overflow. */
const MOST_HOLDS = 30;

/** The fights of one host. */
export interface FightRecord {
  /** The fights of an earlier process over this revision of the spec. */
  readonly read: (revision: string | number) => Promise<readonly Fight[]>;
  /** Records what is held off; writes only what is new. */
  readonly write: (revision: string | number, fights: readonly Fight[]) => Promise<void>;
  /** Takes a request to end fights: names of areas, or of things as `sysctls/net.ipv4.ip_forward`. */
  readonly ended: () => Promise<readonly string[]>;
}

/** What the record is made from; `onProblem` is told of a record that cannot be used or written, once for each. */
export interface FightRecordParts {
  readonly host: Host;
  /** Monotonic milliseconds, as fights have them. */
  readonly clock: () => number;
  readonly now: () => Date;
  readonly onProblem: (problem: string) => void;
}

/** Opens the record; it is read when it is asked for. */
export function createFightRecord({ host, clock, now, onProblem }: FightRecordParts): FightRecord {
  let written: string | undefined;
  /** A fight that is forgotten costs some writes; a daemon that ends costs the host. */
  const guarded = tolerant(onProblem);
  const wallTime = (at: number) => new Date(now().getTime() - clock() + at).toISOString();
  const clockTime = (text: unknown) => Date.parse(scalarText(text)) - now().getTime() + clock();

  return {
    read: (revision) =>
      guarded(async () => {
        const record = await readRecord(host, FIGHTS_PATH, KIND, VERSION);
        if (record.problem !== undefined)
          onProblem(`${FIGHTS_PATH} ${record.problem}: what is held off is tried again`);
        const { content } = record;
        // What is of no use is removed by the first write.
        if (content !== undefined || record.problem !== undefined) written = '';
        if (content?.['revision'] !== revision || !Array.isArray(content['fights'])) return [];
        return content['fights'].slice(0, MOST).flatMap((one) => fightFrom(one, clockTime, clock()));
      }, []),
    write: (revision, fights) =>
      guarded(async () => {
        const text = fights.length === 0 ? undefined : JSON.stringify([revision, fights]);
        if (text === written) return;
        if (text === undefined) await host.removeFile(FIGHTS_PATH);
        else {
          const shown = fights.slice(0, MOST).map((fight) => ({
            ...fight,
            heldUntil: wallTime(fight.heldUntil),
            corrections: fight.corrections.slice(-MOST_CORRECTIONS).map((one) => ({ ...one, at: wallTime(one.at) })),
          }));
          const content = { kind: KIND, version: VERSION, revision, fights: shown };
          await host.writeFile(FIGHTS_PATH, `${JSON.stringify(content, undefined, 1)}\n`, { mode: 0o600 });
        }
        written = text;
      }, undefined),
    ended: () =>
      guarded(async () => {
        const { content, problem: unusable } = await readRecord(host, RETRY_REQUEST_PATH, REQUEST_KIND, VERSION);
        if (content === undefined && unusable === undefined) return [];
        await host.removeFile(RETRY_REQUEST_PATH);
        const names = content?.['names'];
        return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
      }, []),
  };
}

/** Asks the daemon of this host to end the fights over areas (`sysctls`) or entries (`sysctls/NAME`). Throws `HostFileError`. */
export async function requestRetry(host: Host, names: readonly string[]): Promise<void> {
  const content = { kind: REQUEST_KIND, version: VERSION, names };
  await host.writeFile(RETRY_REQUEST_PATH, `${JSON.stringify(content)}\n`, { mode: 0o600 });
}

/** Takes only what is well formed, and no time that lies further ahead than a hold lasts. */
function fightFrom(value: unknown, clockTime: (text: unknown) => number, now: number): Fight[] {
  const { area: name, scope, target, holds, heldMs, heldUntil, corrections } = Object(value) as Record<string, unknown>;
  const area = AREA_NAMES.find((one) => one === name);
  const until = clockTime(heldUntil);
  const isGood =
    area !== undefined &&
    (scope === 'live' || scope === 'persistent') &&
    typeof target === 'string' &&
    Number.isInteger(holds) &&
    Number(holds) > 0 &&
    typeof heldMs === 'number' &&
    heldMs >= 0 &&
    heldMs <= LONGEST_HOLD_MS &&
    Number.isFinite(until) &&
    Array.isArray(corrections);
  if (!isGood) return [];
  return [
    {
      area,
      scope,
      target,
      holds: Math.min(Number(holds), MOST_HOLDS),
      heldMs,
      heldUntil: Math.min(until, now + heldMs),
      corrections: corrections.slice(-MOST_CORRECTIONS).flatMap((one) => correctionFrom(one, clockTime, now)),
    },
  ];
}

function correctionFrom(value: unknown, clockTime: (text: unknown) => number, now: number): Correction[] {
  const { at: time, from, incarnation } = Object(value) as Record<string, unknown>;
  const at = clockTime(time);
  if (!Number.isFinite(at)) return [];
  return [
    {
      at: Math.min(at, now),
      from: typeof from === 'string' ? from : undefined,
      incarnation: typeof incarnation === 'string' ? incarnation : undefined,
    },
  ];
}
