/** Following an object over a client that says exactly what a test wants, in a time of the test's own. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type ApiClient,
  ApiError,
  type ApiRequest,
  ApiUnreachableError,
  type WatchEvent,
} from '../../../../src/kubernetes/client.ts';
import type { Absence, Evidence } from '../../../../src/kubernetes/object/absence.ts';
import { type ObjectListener, watchObject, type WatchTarget } from '../../../../src/kubernetes/object/watch-object.ts';

const TARGET = { path: '/apis/nodeprep.dev/v1alpha1/nodepreps', name: 'worker-1' };
const object = (resourceVersion: string, name = 'worker-1', uid = 'u') => ({
  metadata: { name, uid, resourceVersion },
});
const list = (resourceVersion: string, ...items: unknown[]) => ({ metadata: { resourceVersion }, items });
const event = (type: WatchEvent['type'], value: unknown): WatchEvent => ({ type, object: value });

/** One answer to a list, or the life of one watch; then lists are the last one again, and a watch stays open and silent. */
type Turn = { list: unknown } | { events?: readonly WatchEvent[]; lastsMs?: number; fails?: Error };

function scripted(turns: readonly Turn[]) {
  const left = [...turns];
  let listed: unknown;
  const requests: ApiRequest[] = [];
  let open = 0;
  const take = (kind: 'list' | 'watch') => {
    const next = left[0];
    if (next === undefined || (kind === 'list') !== 'list' in next) return undefined;
    left.shift();
    return next;
  };
  const client: ApiClient = {
    send: async (request) => {
      requests.push(request);
      const turn = take('list');
      if (turn !== undefined && 'list' in turn) {
        if (turn.list instanceof Error) throw turn.list;
        listed = turn.list;
      }
      if (listed === undefined) throw new ApiUnreachableError('nobody');
      return listed;
    },
    watch: async function* (request, signal) {
      requests.push(request);
      open += 1;
      try {
        const turn = take('watch');
        if (turn === undefined || 'list' in turn) await life(1e9, signal);
        else {
          yield* turn.events ?? [];
          await life(turn.lastsMs ?? 0, signal);
          if (turn.fails !== undefined) throw turn.fails;
        }
      } finally {
        open -= 1;
      }
    },
    close: async () => {},
  };
  return { client, requests, watches: () => open };
}

function life(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    reject(signal.reason as Error);
  });
  return promise;
}

function follow(
  client: ApiClient,
  changed: ObjectListener['onChange'] = () => {},
  judgeAbsence: ObjectListener['judgeAbsence'] = async () => 'deleted',
  target: WatchTarget = TARGET,
) {
  const absences: (string | undefined)[] = [];
  const shown: (string | undefined)[] = [];
  const problems: string[] = [];
  const delays: number[] = [];
  const abort = new AbortController();
  let recoveries = 0;
  const listener: ObjectListener = {
    judgeAbsence,
    onChange: async (now, why) => {
      await changed(now);
      absences.push(now === undefined ? why : undefined);
      shown.push(now?.metadata.resourceVersion);
    },
    onProblem: (error, retryMs) => {
      problems.push(error.message);
      delays.push(retryMs);
    },
    onRecovered: () => {
      recoveries += 1;
    },
  };
  const ended = watchObject(client, target, listener, { clock: Date.now, random: () => 0.5 }, abort.signal);
  return { shown, absences, problems, delays, abort, ended, recoveries: () => recoveries };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000);

describe('following an object', () => {
  test('costs at most one request a minute when nothing happens, for hours', async () => {
    const quiet: Turn[] = Array.from({ length: 200 }, (_, index) => ({
      events: [event('BOOKMARK', object(String(100 + index)))],
      lastsMs: 435_000,
    }));
    const { client, requests } = scripted([{ list: list('1', object('1')) }, ...quiet]);
    const { shown, problems, abort, ended } = follow(client);

    await minutes(6 * 60);
    abort.abort();
    await ended;

    expect(requests.length).toBeLessThan(6 * 60 * 0.25);
    expect(requests.some(({ query }) => Number(query?.['resourceVersion']) > 140)).toBe(true);
    expect(shown).toEqual(['1']);
    expect(problems).toEqual([]);
  });

  test('shows each version once, also when it is listed and told again', async () => {
    const { client } = scripted([
      { list: list('5', object('3')) },
      {
        events: [event('MODIFIED', object('6')), event('MODIFIED', object('6'))],
        fails: new ApiUnreachableError('reset'),
      },
      { list: list('8', object('6')) },
      { events: [event('ADDED', object('6'))], fails: new ApiError('Cannot GET', { code: 410 }) },
      { list: list('9', object('6')) },
    ]);
    const { shown, abort } = follow(client);

    await minutes(2);
    abort.abort();

    expect(shown).toEqual(['3', '6']);
  });

  test('shows an object that was removed and made again while nobody listened', async () => {
    const { client } = scripted([
      { list: list('5', object('5', 'worker-1', 'first')) },
      { fails: new ApiError('Cannot GET', { code: 410 }) },
      { list: list('9', object('5', 'worker-1', 'second')) },
      { fails: new ApiError('Cannot GET', { code: 410 }) },
      { list: list('10') },
    ]);
    const { shown, abort } = follow(client);

    await minutes(2);
    abort.abort();

    expect(shown).toEqual(['5', '5', undefined]);
  });

  test('believes that an object is gone only when a list says so', async () => {
    const { client } = scripted([
      { list: list('5', object('5')) },
      { events: [event('DELETED', object('6'))], lastsMs: 1e9 },
      { list: new ApiError('Cannot GET', { code: 404 }) },
      { list: list('9', object('9', 'worker-1', 'second')) },
      { events: [event('DELETED', object('10', 'worker-1', 'second'))], lastsMs: 1e9 },
      { list: list('10') },
    ]);
    const { shown, abort } = follow(client);

    await minutes(2);
    abort.abort();

    expect(shown).toEqual(['5', '9', undefined]);
  });

  test('does not show others, should a server send them', async () => {
    const { client, requests } = scripted([
      { list: list('5', object('2', 'worker-2'), object('3'), object('4', 'worker-11')) },
      {
        events: [event('DELETED', object('7', 'worker-2')), event('MODIFIED', object('8', 'worker-2'))],
        lastsMs: 435_000,
      },
    ]);
    const { shown, abort } = follow(client);

    await minutes(8);
    abort.abort();

    expect(shown).toEqual(['3']);
    expect(requests.at(-1)?.query?.['resourceVersion']).toBe('8');
  });

  test.each<[string, Turn]>([
    ['a failure', { fails: new ApiUnreachableError('reset') }],
    ['an end that the server was not asked for', { lastsMs: 100_000 }],
  ])('lists again after %s, because the server may have another history', async (_, end) => {
    const { client, requests } = scripted([
      { list: list('1000', object('1000')) },
      end,
      { list: list('500', object('400')) },
    ]);
    const { shown, abort } = follow(client);

    await minutes(3);
    abort.abort();

    expect(requests.map(({ query }) => query?.['resourceVersion'])).toEqual([undefined, '1000', undefined, '500']);
    expect(shown).toEqual(['1000', '400']);
  });

  test('resumes after the end that it asked for, and lists once an hour all the same', async () => {
    const { client, requests } = scripted([
      { list: list('1000', object('1000')) },
      ...Array.from({ length: 30 }, () => ({ lastsMs: 435_000 })),
    ]);
    const { abort } = follow(client);

    await minutes(3 * 60);
    abort.abort();

    expect(requests.filter(({ query }) => query?.['resourceVersion'] === undefined)).toHaveLength(3);
  });

  test('tells with what it knows why an object is missing, and asks again when that cannot be believed', async () => {
    const { client } = scripted([
      { list: list('1000', object('1000')) },
      { fails: new ApiUnreachableError('reset') },
      { list: list('900') },
      { list: list('1001') },
    ]);
    const asked: Evidence[] = [];
    const judge = async (evidence: Evidence): Promise<Absence> => {
      asked.push(evidence);
      if (asked.length === 1) throw new ApiUnreachableError('cannot be');
      return 'lost';
    };
    const { shown, absences, problems, abort } = follow(client, undefined, judge);

    await minutes(1);
    abort.abort();

    expect(asked).toEqual([
      { isOtherHistory: true, wasTold: false, version: '1000' },
      { isOtherHistory: false, wasTold: false, version: '1000' },
    ]);
    expect(problems).toEqual(['reset', 'cannot be']);
    expect(shown).toEqual(['1000', undefined]);
    expect(absences).toEqual([undefined, 'lost']);
  });

  test('hears a server whose history is younger than what a process before has seen', async () => {
    const { client, requests } = scripted([
      { list: list('500') },
      { events: [event('ADDED', object('501'))], lastsMs: 1e9 },
    ]);
    const asked: Evidence[] = [];
    const judge = async (evidence: Evidence): Promise<Absence> => {
      asked.push(evidence);
      return 'lost';
    };
    const { shown, abort } = follow(client, undefined, judge, { ...TARGET, known: { version: '1000' } });

    await minutes(1);
    abort.abort();

    expect(asked).toEqual([{ isOtherHistory: true, wasTold: false, version: '1000' }]);
    expect(requests.map(({ query }) => query?.['resourceVersion'])).toEqual([undefined, '500']);
    expect(shown).toEqual([undefined, '501']);
  });

  test('shows an object again that its listener could not take, later each time', async () => {
    const { client } = scripted([
      { list: list('5', object('5')) },
      { list: list('5', object('5')) },
      { list: list('5', object('5')) },
      { list: list('5', object('5')) },
      { events: [event('MODIFIED', object('6'))], lastsMs: 1e9 },
    ]);
    let left = 3;
    const { shown, problems, delays, abort } = follow(client, () => {
      left -= 1;
      if (left >= 0) throw new Error('disk full');
    });

    await minutes(1);
    abort.abort();

    expect(shown).toEqual(['5', '6']);
    expect(problems).toEqual(['disk full', 'disk full', 'disk full']);
    expect(delays).toEqual([375, 750, 1500]);
  });

  test('tells once that the server answers again', async () => {
    const { client } = scripted([
      { list: new ApiUnreachableError('no route') },
      { list: new ApiUnreachableError('no route') },
      { list: list('5', object('5')) },
      { events: [event('MODIFIED', object('6')), event('MODIFIED', object('7'))] },
    ]);
    const { problems, recoveries, abort } = follow(client);

    await minutes(1);
    abort.abort();

    expect(problems).toEqual(['no route', 'no route']);
    expect(recoveries()).toBe(1);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'hello'],
    ['a list without a version', { items: [] }],
    ['a list without items', { metadata: { resourceVersion: '1' } }],
    ['null', null],
  ])('takes %s for a problem, not for an absent object', async (_, answer) => {
    const { client } = scripted([{ list: answer }, { list: list('5', object('5')) }]);
    const { shown, problems, abort } = follow(client);

    await minutes(1);
    abort.abort();

    expect(shown).toEqual(['5']);
    expect(problems).toHaveLength(1);
  });

  test('keeps going when telling about problems fails as well', async () => {
    const { client } = scripted([{ list: new ApiUnreachableError('no route') }, { list: list('5', object('5')) }]);
    const abort = new AbortController();
    const shown: unknown[] = [];
    const fail = () => {
      throw new Error('broken listener');
    };
    const listener = { onChange: (now: unknown) => void shown.push(now), onProblem: fail, onRecovered: fail };
    const ended = watchObject(client, TARGET, listener, { clock: Date.now, random: () => 0 }, abort.signal);

    await minutes(1);
    abort.abort();
    await ended;

    expect(shown).toEqual([object('5')]);
  });

  test('ends at once when aborted: in a list, in a watch, between attempts', async () => {
    const { client, watches } = scripted([{ list: list('5') }]);
    const inWatch = follow(client);
    await minutes(1);
    expect(watches()).toBe(1);
    inWatch.abort.abort();
    await inWatch.ended;
    expect(watches()).toBe(0);

    const between = follow(scripted([]).client);
    await vi.advanceTimersByTimeAsync(10);
    between.abort.abort();
    await between.ended;

    expect(between.problems).toEqual(['nobody']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
