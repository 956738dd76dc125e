/**
 * Notices fights: when the same correction is undone again and again right after it was made,
 * corrections are held off with a growing delay. Without this, two daemons that disagree rewrite a
 * kernel parameter forever (tuned#816). A change that comes later, a thing that was made anew and
 * other values each time are no fight but drift.
 */
import type { AreaName } from '../../api/spec/nodeprep.ts';
import type { Change, Finding } from '../../areas/area.ts';
import { doubling } from '../../host/doubling.ts';

/** Corrections undone within the window before they are held off. */
export const FLIP_LIMIT = 3;
/** A correction that is undone later than this was not undone by a program that watches the value. */
const RECENT_MS = 60_000;
/** Quick changes to whatever value that are too many all the same. */
const MANY = 9;
const WINDOW_MS = 10 * 60_000;
/** Longest time for which a correction is held off. */
export const LONGEST_HOLD_MS = 60 * 60_000;
const holdMs = doubling({ firstMs: 60_000, longestMs: LONGEST_HOLD_MS });
const NO_FIGHT = { corrections: [], holds: 0, heldMs: 0, heldUntil: 0 } as const;

/** One correction, and what it corrected. */
export interface Correction {
  readonly at: number;
  /** The foreign value that was corrected. */
  readonly from: string | undefined;
  readonly incarnation: string | undefined;
}

/** A correction that is undone again and again; times are those of the clock. */
export interface Fight {
  readonly area: AreaName;
  readonly scope: Change['scope'];
  readonly target: string;
  /** Corrections in the window, the newest last. */
  corrections: readonly Correction[];
  /** How often it was held off, which doubles the delay. */
  holds: number;
  heldMs: number;
  heldUntil: number;
}

/** The corrections made so far; a new one for every new spec. */
export interface Contention {
  /** Takes note of corrections made now. First applications count only while there is a fight over the same thing. */
  readonly corrected: (area: AreaName, changes: readonly Change[], isFirst?: boolean) => void;
  /** The finding for a change that is to be left alone now, `undefined` to let it through. */
  readonly holdOff: (area: AreaName, change: Change, rival: string | undefined) => Finding | undefined;
  /** Corrections tried after a hold: until they have lasted a while, the fight is not over. */
  readonly onTrial: (area: AreaName) => readonly Finding[];
  /** Milliseconds until the next hold or trial ends, `undefined` when there is none. */
  readonly nextRelease: () => number | undefined;
  /** Ends the fights over an area (`sysctls`) or one thing (`sysctls/net.ipv4.ip_forward`); all of them without names. */
  readonly forgive: (names?: readonly string[]) => void;
  /** What was held off and is not over, for the next process. */
  readonly fights: () => readonly Fight[];
}

/** `clock` gives monotonic milliseconds; `known` are the fights of an earlier process. */
export function createContention(clock: () => number, known: readonly Fight[] = []): Contention {
  const keyOf = (area: AreaName, { scope, target }: Pick<Change, 'scope' | 'target'>) => `${area} ${scope} ${target}`;
  const fights = new Map(known.map((fight) => [keyOf(fight.area, fight), { ...fight }]));

  return {
    corrected: (area, changes, isFirst = false) => {
      for (const change of changes) {
        const { scope, target } = change;
        const fight = fights.get(keyOf(area, change)) ?? { area, scope, target, ...NO_FIGHT };
        if (isFirst && fight.holds === 0) continue;
        const recent = fight.corrections.filter(({ at }) => clock() - at < WINDOW_MS);
        if (recent.length === 0 && clock() - fight.heldUntil > WINDOW_MS) fight.holds = 0;
        fight.corrections = [...recent, correctionOf(change, clock())];
        fights.set(keyOf(area, change), fight);
      }
    },
    holdOff: (area, change, rival) => {
      const fight = fights.get(keyOf(area, change));
      if (fight === undefined) return undefined;
      const now = clock();
      if (now >= fight.heldUntil) {
        if (!isFight(fight, correctionOf(change, now))) return undefined;
        fight.holds += 1;
        // What cuts the node off is never left alone for long.
        const delay = holdMs(change.urgent === true ? 1 : fight.holds);
        fight.heldMs = delay;
        fight.heldUntil = now + delay;
        fight.corrections = [];
      }
      return contested(change, rival, fight.heldMs / 1000);
    },
    onTrial: (area) =>
      [...fights.values()]
        .filter((fight) => fight.area === area && trialEnd(fight) > clock())
        .map(({ target }) => ({
          target,
          reason: 'Contested',
          message: `"${target}" was corrected again after a hold; it counts as corrected when nothing has changed it for ${RECENT_MS / 1000} s.`,
        })),
    nextRelease: () => {
      const ends = [...fights.values()].flatMap((fight) => [fight.heldUntil, trialEnd(fight)]);
      const waits = ends.map((end) => end - clock()).filter((wait) => wait > 0);
      return waits.length === 0 ? undefined : Math.min(...waits);
    },
    forgive: (names) => {
      for (const [key, { area, target }] of fights)
        if (names === undefined || names.includes(area) || names.includes(`${area}/${target}`)) fights.delete(key);
    },
    fights: () => [...fights.values()].filter((fight) => fight.holds > 0 && !isOver(fight, clock())),
  };
}

/** Whether a fight is so long ago that the next one begins anew. */
function isOver({ heldUntil, corrections }: Fight, now: number): boolean {
  return now - Math.max(heldUntil, corrections.at(-1)?.at ?? heldUntil) > WINDOW_MS;
}

function correctionOf({ from, incarnation }: Change, at: number): Correction {
  return { at, from, incarnation };
}

function trialEnd({ holds, corrections }: Fight): number {
  const last = corrections.at(-1);
  return holds === 0 || last === undefined ? 0 : last.at + RECENT_MS;
}

/** Whether the change that is seen `now` is one too many. */
function isFight({ corrections, holds }: Fight, now: Correction): boolean {
  const all = [...corrections.filter(({ at }) => now.at - at < WINDOW_MS), now];
  const undone = all.slice(1).filter((next, index) => {
    const before = all[index];
    return before !== undefined && next.at - before.at <= RECENT_MS && next.incarnation === before.incarnation;
  });
  const last = undone.at(-1);
  if (last !== now) return false;
  // After a hold one correction is tried; if it is undone as well, the next hold is twice as long.
  if (holds > 0) return true;
  const same = undone.filter((one) => one.from === now.from && all[all.indexOf(one) - 1]?.from === now.from);
  return same.length >= FLIP_LIMIT - 1 || undone.length >= MANY;
}

/** How the other side undoes what a change does. */
const UNDOING: Readonly<Record<Change['action'], string>> = {
  create: 'removing',
  update: 'changing',
  delete: 'adding',
  load: 'unloading',
  unload: 'loading',
  enable: 'disabling',
  disable: 'enabling',
  start: 'stopping',
  stop: 'starting',
  restart: 'changing',
};

/** Without a countdown: a text that differs with every round would be written to the status with every round. */
function contested(change: Change, rival: string | undefined, seconds: number): Finding {
  const { target, scope, action, from, file } = change;
  return {
    target,
    reason: 'Contested',
    transient: true,
    ...(file === undefined ? {} : { file }),
    message:
      `${scope === 'persistent' ? fileFight(file ?? target) : liveFight(rival, UNDOING[action], target, from)} right after ` +
      `it is corrected, so corrections are held off for ${seconds} s. Give it one owner: remove it here, or configure ` +
      'the other side; "nodeprep retry" corrects it at once.',
  };
}

/** Who changes values is known by what the values are for; a file can be changed by anything. */
function fileFight(file: string): string {
  return `Another program or a person keeps changing or deleting ${file}`;
}

function liveFight(rival: string | undefined, undoing: string, target: string, from: string | undefined): string {
  const who = rival === undefined ? 'Another program' : `Another program, probably ${rival},`;
  return `${who} keeps ${undoing} "${target}"${from === undefined || undoing !== 'changing' ? '' : ` to "${from}"`}`;
}
