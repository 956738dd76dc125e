/**
 * A spec that leaves something out of the one before may be half of one: a list that is replaced, a file that is
 * written in two pieces, a file that is moved away for a moment. What is taken away and comes back is worse than what
 * goes a little later, so the spec waits until it has not changed for a moment. Growth waits for nothing.
 */

/** How long a spec waits. */
export interface QuietMomentParts {
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Without a change for so long it is meant, and after five times as long whatever happens. */
  readonly quietMs: number;
  /** Called when the waiting may be over: the spec is to be looked at again. */
  readonly onQuiet: () => void;
}

/** The waiting of one source. */
export interface QuietMoment {
  /** Whether this spec, as a text, still has to wait. */
  readonly awaits: (text: string) => boolean;
  /** Ends the waiting: the newest spec leaves nothing out, or is in force. */
  readonly end: () => void;
}

const LONGEST = 5;

/** Waits for nothing yet. */
export function createQuietMoment({ clock, quietMs, onQuiet }: QuietMomentParts): QuietMoment {
  let waiting: { readonly first: number; readonly since: number; readonly text: string } | undefined;
  let timer: NodeJS.Timeout | undefined;
  return {
    awaits: (text) => {
      const now = clock();
      if (waiting?.text !== text) waiting = { first: waiting?.first ?? now, since: now, text };
      const leftMs = Math.min(waiting.since + quietMs, waiting.first + LONGEST * quietMs) - now;
      clearTimeout(timer);
      // A timer may end a fraction early.
      if (leftMs > 0) timer = setTimeout(onQuiet, Math.ceil(leftMs));
      return leftMs > 0;
    },
    end: () => {
      waiting = undefined;
      clearTimeout(timer);
    },
  };
}
