/**
 * Notices fights: when somebody undoes our correction of the same thing three times in ten minutes,
 * corrections are held off with a growing delay. Without this, two daemons that disagree rewrite a
 * kernel parameter for ever (tuned#816).
 */
import type { AreaName } from '../../api/spec/nodeprep.ts';
import type { Change, Finding } from '../../areas/area.ts';
import { doubling } from '../../host/doubling.ts';

/** Corrections undone within the window before they are held off. */
export const FLIP_LIMIT = 3;
const WINDOW_MS = 10 * 60_000;
const holdMs = doubling({ firstMs: 60_000, longestMs: 60 * 60_000 });

interface Fight {
  /** When the correction was made; older ones than the window are dropped. */
  corrections: number[];
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
  /** Milliseconds until the next hold ends, `undefined` when nothing is held. */
  readonly nextRelease: () => number | undefined;
}

/** `clock` gives monotonic milliseconds. */
export function createContention(clock: () => number): Contention {
  const fights = new Map<string, Fight>();
  const keyOf = (area: AreaName, change: Change) => `${area} ${change.scope} ${change.target}`;

  return {
    corrected: (area, changes) => {
      for (const change of changes) {
        const fight = fights.get(keyOf(area, change)) ?? { corrections: [], holds: 0, heldMs: 0, heldUntil: 0 };
        const recent = fight.corrections.filter((at) => clock() - at < WINDOW_MS);
        if (recent.length === 0 && clock() - fight.heldUntil > WINDOW_MS) fight.holds = 0;
        fight.corrections = [...recent, clock()];
        fights.set(keyOf(area, change), fight);
      }
    },
    holdOff: (area, change, rival) => {
      const fight = fights.get(keyOf(area, change));
      if (fight === undefined) return undefined;
      const now = clock();
      const recent = fight.corrections.filter((at) => now - at < WINDOW_MS);
      if (now >= fight.heldUntil) {
        // After a hold one correction is tried; if it is undone as well, the next hold is twice as long.
        if (recent.length < (fight.holds === 0 ? FLIP_LIMIT - 1 : 1)) return undefined;
        fight.holds += 1;
        const delay = holdMs(fight.holds);
        fight.heldMs = delay;
        fight.heldUntil = now + delay;
        fight.corrections = [];
      }
      return contested(change, rival, fight.heldMs / 1000);
    },
    nextRelease: () => {
      const waits = [...fights.values()].map((fight) => fight.heldUntil - clock()).filter((wait) => wait > 0);
      return waits.length === 0 ? undefined : Math.min(...waits);
    },
  };
}

/** Without a countdown: a text that differs with every pass would be written to the status with every pass. */
function contested(change: Change, rival: string | undefined, seconds: number): Finding {
  const who = rival === undefined ? 'another program' : `probably ${rival}`;
  return {
    target: change.target,
    reason: 'Contested',
    transient: true,
    message:
      `${who} keeps changing ${change.target}${change.from === undefined ? '' : ` to "${change.from}"`}: ` +
      `${FLIP_LIMIT} times within ten minutes. Corrections are held off for ${seconds} s. ` +
      'Remove it here or configure the other side, so that the node has one owner of this setting.',
  };
}
