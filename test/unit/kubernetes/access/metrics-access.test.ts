import { describe, expect, test } from 'vitest';
import { type ApiClient, ApiError, type ApiRequest, ApiUnreachableError } from '../../../../src/kubernetes/client.ts';
import { createMetricsAccess } from '../../../../src/kubernetes/access/metrics-access.ts';

interface Server {
  /** Token to user; every user but "outsider" may read the metrics. */
  readonly users: Record<string, string>;
  readonly asked: string[];
  away: boolean;
  now: number;
  answer: ((request: ApiRequest) => unknown) | undefined;
  hold: Promise<void> | undefined;
}

function world() {
  const server: Server = { users: {}, asked: [], away: false, now: 0, answer: undefined, hold: undefined };
  const client: Pick<ApiClient, 'send'> = {
    send: async (request) => {
      server.asked.push(request.path.split('/').at(-1) ?? '');
      await server.hold;
      if (server.away) throw new ApiUnreachableError('connect ECONNREFUSED');
      if (server.answer !== undefined) return server.answer(request);
      const { spec } = request.body as { spec: { token?: string; user?: string } };
      if (spec.token === undefined) return { status: { allowed: spec.user !== 'outsider' } };
      const username = server.users[spec.token];
      return { status: username === undefined ? { error: 'unknown' } : { authenticated: true, user: { username } } };
    },
  };
  const { authorize } = createMetricsAccess({ client, clock: () => server.now });
  return { server, outcome: async (token: string) => (await authorize(token)).outcome, authorize };
}

describe('who is let in', () => {
  test('the holder of a known token with the right, nobody else', async () => {
    const { server, outcome, authorize } = world();
    Object.assign(server.users, { good: 'prometheus', other: 'outsider' });

    expect(await outcome('good')).toBe('Allowed');
    expect(await outcome('wrong')).toBe('Unauthenticated');
    expect(await authorize('other')).toEqual({
      outcome: 'Forbidden',
      message: '"outsider" may not get /metrics: the ClusterRole "nodeprep-metrics-reader" grants that.',
    });
  });

  test.each([
    ['nothing', undefined],
    ['a string', 'allowed'],
    ['no status', {}],
    ['a user without a name', { status: { authenticated: true, user: {} } }],
    ['an empty name', { status: { authenticated: true, user: { username: '' }, allowed: true } }],
    ['a truth that is a string', { status: { authenticated: 'true', user: { username: 'a' }, allowed: 'true' } }],
    ['allowed and denied', { status: { authenticated: true, user: { username: 'a' }, allowed: true, denied: true } }],
    ['lists', { status: [{ authenticated: true, allowed: true }] }],
  ])('nobody when the API server answers with %s', async (_, answer) => {
    const { server, outcome } = world();
    server.answer = () => answer;

    expect(['Unauthenticated', 'Forbidden']).toContain(await outcome('token'));
  });

  test('nobody while the API server is away, and it is asked again at once when it is back', async () => {
    const { server, outcome } = world();
    server.users['good'] = 'prometheus';
    server.away = true;
    const before = await outcome('good');
    server.away = false;

    expect(before).toBe('Unavailable');
    expect(await outcome('good')).toBe('Allowed');
  });

  test('nobody when the agent itself may not ask, which is said', async () => {
    const { server, authorize } = world();
    server.answer = () => {
      throw new ApiError('Asking who holds a token', { code: 403, message: 'forbidden' });
    };

    expect(await authorize('good')).toEqual({
      outcome: 'Unavailable',
      message:
        'Asking who holds a token: the API server answered 403 (forbidden) (the agent itself lacks the right to ask)',
    });
  });

  test('all that the API server knows of the holder is what it decides by', async () => {
    const { server, outcome } = world();
    const user = { username: 'a', uid: 'u-1', groups: ['g', 7], extra: { 'example.com/x': ['1'], bad: 'text' } };
    const sent: unknown[] = [];
    server.answer = ({ body }) => {
      sent.push(body);
      return { status: { authenticated: true, user, allowed: true } };
    };
    await outcome('token');

    expect(sent).toMatchObject([
      { kind: 'TokenReview', spec: { token: 'token' } },
      {
        kind: 'SubjectAccessReview',
        spec: {
          user: 'a',
          uid: 'u-1',
          groups: ['g'],
          extra: { 'example.com/x': ['1'], bad: [] },
          nonResourceAttributes: { path: '/metrics', verb: 'get' },
        },
      },
    ]);
  });
});

describe('how often the API server is asked', () => {
  test('once in ten minutes about a good token, once in ten seconds about a bad one', async () => {
    const { server, outcome } = world();
    server.users['good'] = 'prometheus';
    const asked = async (token: string, at: number) => {
      server.now = at;
      server.asked.length = 0;
      await outcome(token);
      return server.asked.length;
    };

    expect([await asked('good', 0), await asked('good', 599_999), await asked('good', 600_000)]).toEqual([2, 0, 2]);
    expect([await asked('bad', 600_000), await asked('bad', 609_999), await asked('bad', 610_000)]).toEqual([1, 0, 1]);
  });

  test('a right that is taken away is noticed within ten minutes, one that is given within ten seconds', async () => {
    const { server, outcome } = world();
    server.users['token'] = 'prometheus';
    await outcome('token');
    server.users['token'] = 'outsider';
    server.now = 600_000;
    const taken = await outcome('token');
    server.users['token'] = 'prometheus';
    server.now = 610_000;

    expect(taken).toBe('Forbidden');
    expect(await outcome('token')).toBe('Allowed');
  });

  test('once for callers who come together with the same token', async () => {
    const { server, outcome } = world();
    server.users['good'] = 'prometheus';
    const gate = Promise.withResolvers<void>();
    server.hold = gate.promise;
    const all = Promise.all(Array.from({ length: 50 }, () => outcome('good')));
    gate.resolve();

    expect(new Set(await all)).toEqual(new Set(['Allowed']));
    expect(server.asked).toEqual(['tokenreviews', 'subjectaccessreviews']);
  });

  test('a flood of wrong tokens costs a few requests, and the scraper that was let in before gets in again', async () => {
    const { server, outcome } = world();
    server.users['good'] = 'prometheus';
    await outcome('good');
    server.now = 600_000;
    server.asked.length = 0;

    const flood = await Promise.all(Array.from({ length: 5000 }, (_, at) => outcome(`wrong-${at}`)));

    expect(server.asked).toHaveLength(10);
    expect(flood.filter((one) => one === 'Busy')).toHaveLength(4990);
    expect(await outcome('good')).toBe('Allowed');
    server.now += 1000;
    expect(await outcome('late')).toBe('Unauthenticated');
  });

  test('a flood over days is not remembered for ever', async () => {
    const { server, outcome } = world();
    server.users['good'] = 'prometheus';
    await outcome('good');
    for (let at = 0; at < 2000; at += 1) {
      server.now += 1000;
      await outcome(`wrong-${at}`);
    }
    server.asked.length = 0;
    await outcome('wrong-1999');
    const recent = server.asked.length;
    await outcome('wrong-0');

    expect([recent, server.asked.length]).toEqual([0, 1]);
    expect(await outcome('good')).toBe('Allowed');
  });
});
