/** Follows an object for a test and keeps what the listener was told. */
import type { ApiClient, ApiObject } from '../../src/kubernetes/client.ts';
import { watchObject, type WatchTarget } from '../../src/kubernetes/object/watch-object.ts';

/** What was told so far. */
export interface FollowedObject {
  /** `data.value` of each object that was shown, or `undefined` for none, in order. */
  readonly shown: readonly (string | undefined)[];
  readonly problems: readonly { readonly error: Error; readonly retryMs: number }[];
  readonly recoveries: () => number;
  /** True when following has ended, which only `stop` may cause. */
  readonly hasEnded: () => boolean;
  readonly stop: () => Promise<void>;
}

/** Follows until stopped; `onChange` may fail on purpose. */
export function followObject(
  client: ApiClient,
  target: WatchTarget,
  onChange: (object: ApiObject | undefined) => void = () => {},
): FollowedObject {
  const shown: (string | undefined)[] = [];
  const problems: { error: Error; retryMs: number }[] = [];
  let recoveries = 0;
  let hasEnded = false;
  const abort = new AbortController();
  const listener = {
    onChange: (object: ApiObject | undefined) => {
      onChange(object);
      shown.push(valueOf(object));
    },
    onProblem: (error: Error, retryMs: number) => void problems.push({ error, retryMs }),
    onRecovered: () => {
      recoveries += 1;
    },
  };
  const seams = { clock: Date.now, random: Math.random };
  const ended = (async () => {
    await watchObject(client, target, listener, seams, abort.signal);
    hasEnded = true;
  })();
  return {
    shown,
    problems,
    recoveries: () => recoveries,
    hasEnded: () => hasEnded,
    stop: async () => {
      abort.abort();
      await ended;
    },
  };
}

function valueOf(object: ApiObject | undefined): string | undefined {
  const { value } = (object?.['data'] ?? {}) as { value?: string };
  return value;
}
