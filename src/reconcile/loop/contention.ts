/**
 * Notices fights: when the same correction is undone again and again right after it was made,
 * corrections are held off with a growing delay. Without this, two daemons that disagree rewrite a
 * kernel parameter for ever (tuned#816). A change that comes later, a thing that was made anew and
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
const holdMs = doubling({ firstMs: 60_000, longestMs: 60 * 60_000 });

interface Correction {
  readonly at: number;
  /** The foreign value that was corrected. */
  readonly from: string | undefined;
  readonly incarnation: string | undefined;
}

interface Fight {
  /** Corrections in the window, the newest last. */
  corrections: Correction[];
  change: Change;
  /** How often it was held off, which doubles the delay. */
  holds: number;
  heldMs: number;
  heldUntil: number;
}

/** Memory of corrections; a new one for every new spec. */
export interface Contention {
  /** Takes note of corrections made now. Those of a first pass are not corrections of somebody's change. */
  readonly corrected: (area: AreaName, changes: readonly Change[]) => void;
  /** The finding for a change that is to be left alone now, `undefined` to let it through. */
  readonly holdOff: (area: AreaName, change: Change, rival: string | undefined) => Finding | undefined;
  /** Corrections tried after a hold: until they have lasted a while, the fight is not over. */
  readonly onTrial: (area: AreaName) => readonly Finding[];
  /** Milliseconds until the next hold or trial ends, `undefined` when there is none. */
  readonly nextRelease: () => number | undefined;
}

/** `clock` gives monotonic milliseconds. */
export function createContention(clock: () => number): Contention {
  const fights = new Map<string, Fight>();
  const keyOf = (area: AreaName, change: Change) => `${area} ${change.scope} ${change.target}`;

  return {
    corrected: (area, changes) => {
      for (const change of changes) {
        const fight = fights.get(keyOf(area, change)) ?? { change, corrections: [], holds: 0, heldMs: 0, heldUntil: 0 };
        const recent = fight.corrections.filter(({ at }) => clock() - at < WINDOW_MS);
        if (recent.length === 0 && clock() - fight.heldUntil > WINDOW_MS) fight.holds = 0;
        fight.corrections = [...recent, correctionOf(change, clock())];
        fight.change = change;
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
      [...fights]
        .filter(([key, fight]) => key.startsWith(`${area} `) && trialEnd(fight) > clock())
        .map(([, { change }]) => ({
          target: change.target,
          reason: 'Contested',
          message: `${change.target} was corrected again after a hold; it counts as corrected when nothing has changed it for ${RECENT_MS / 1000} s.`,
        })),
    nextRelease: () => {
      const ends = [...fights.values()].flatMap((fight) => [fight.heldUntil, trialEnd(fight)]);
      const waits = ends.map((end) => end - clock()).filter((wait) => wait > 0);
      return waits.length === 0 ? undefined : Math.min(...waits);
    },
  };
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

/** Without a countdown: a text that differs with every pass would be written to the status with every pass. */
function contested(change: Change, rival: string | undefined, seconds: number): Finding {
  const isFile = change.scope === 'persistent';
  const who = isFile ? 'another program or person' : rival === undefined ? 'another program' : `probably ${rival}`;
  const what = isFile ? `what the next boot reads for ${change.target}` : change.target;
  return {
    target: change.target,
    reason: 'Contested',
    transient: true,
    message:
      `${who} keeps changing ${what}${change.from === undefined ? '' : ` to "${change.from}"`}: ` +
      `${FLIP_LIMIT} times within ten minutes. Corrections are held off for ${seconds} s. ` +
      'Remove it here or configure the other side, so that the node has one owner of this setting.',
  };
}
