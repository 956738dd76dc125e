/** What an API server, and what stands before it, say about an object that is missing, and what of it is believed. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ApiClient, ApiError, type WatchEvent } from '../../../../src/kubernetes/client.ts';
import { type Evidence, judgeAbsence } from '../../../../src/kubernetes/object/absence.ts';
import { DefinitionMissingError, readDefinition } from '../../../../src/kubernetes/object/definition.ts';

const DEFINITION = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodepreps.nodeprep.dev';
const GROUP = '/apis/nodeprep.dev/v1alpha1';
const OBJECT = '/apis/nodeprep.dev/v1alpha1/nodepreps/w';
const definition = (uid: string, more: object = {}) => ({
  kind: 'CustomResourceDefinition',
  metadata: { uid, ...more },
});
const notFound = (name: string) =>
  new ApiError('Cannot GET', { code: 404, reason: 'NotFound', message: `nodepreps "${name}" not found` });
const plain404 = new ApiError('Cannot GET', { code: 404, message: 'default backend - 404' });
const forbidden = new ApiError('Cannot GET', { code: 403, reason: 'Forbidden' });
const deletion: WatchEvent = { type: 'DELETED', object: { metadata: { name: 'w', resourceVersion: '7' } } };
const expired: WatchEvent = { type: 'ERROR', object: { code: 410, reason: 'Expired' } };

function serverWith(answers: Readonly<Record<string, unknown>>, events: readonly WatchEvent[] = []) {
  const all: Readonly<Record<string, unknown>> = { [DEFINITION]: definition('d'), [OBJECT]: notFound('w'), ...answers };
  const client: ApiClient = {
    close: async () => {},
    send: async ({ path }) => {
      const answer = all[path];
      if (answer === undefined || answer instanceof Error) throw answer ?? plain404;
      return answer;
    },
    watch: async function* watch() {
      yield* events;
    },
  };
  return client;
}

const { signal } = new AbortController();
const evidence: Evidence = { isOtherHistory: false, wasTold: false, version: '5' };
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function judge(client: ApiClient, more: Partial<Evidence> = {}, known: string | undefined = 'd') {
  const judged = judgeAbsence(client, 'w', known, { ...evidence, ...more }, signal);
  const [outcome] = await Promise.all([judged.catch((error: unknown) => error), vi.advanceTimersByTimeAsync(2000)]);
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

describe('a missing NodePrep', () => {
  test('was deleted when the watch tells of it, now or again, and the server confirms it', async () => {
    expect(await judge(serverWith({}), { wasTold: true })).toBe('deleted');
    expect(await judge(serverWith({}, [deletion]))).toBe('deleted');
    expect(await judge(serverWith({ [OBJECT]: forbidden }, [deletion]))).toBe('deleted');
  });

  test('is lost when the history is another one, whatever was told', async () => {
    expect(await judge(serverWith({}), { isOtherHistory: true, wasTold: true })).toBe('lost');
  });

  test('is lost when the definition was made again', async () => {
    expect(await judge(serverWith({}), { wasTold: true }, 'another')).toBe('lost');
  });

  test('is neither when nobody can tell any more', async () => {
    expect(await judge(serverWith({}, [expired]))).toBe('unproven');
    expect(await judge(serverWith({}, [deletion]), { version: undefined })).toBe('unproven');
  });

  test.each<[string, ApiClient]>([
    ['an empty list while the watch knows of no deletion', serverWith({})],
    ['a list without an object that is there', serverWith({ [OBJECT]: { metadata: { name: 'w' } } }, [deletion])],
    ['404 without a word of the API server', serverWith({ [OBJECT]: plain404 }, [deletion])],
    ['404 for another object', serverWith({ [OBJECT]: notFound('x-2') }, [deletion])],
    ['404 for everything', serverWith({ [DEFINITION]: plain404, [OBJECT]: plain404 }, [deletion])],
    ['a page instead of the definition', serverWith({ [DEFINITION]: {} }, [deletion])],
  ])('is not believed: %s', async (_, client) => {
    await expect(judge(client)).rejects.toThrow(/Cannot/);
    await expect(judge(client)).rejects.not.toBeInstanceOf(DefinitionMissingError);
  });
});

describe('the definition', () => {
  const missing = expect.objectContaining({ code: 404 });

  test.each<[string, Record<string, unknown>]>([
    ['the server says so', { [DEFINITION]: notFound('nodepreps.nodeprep.dev') }],
    ['it is going', { [DEFINITION]: definition('d', { deletionTimestamp: 'now' }) }],
    [
      'nothing can be made any more, where agents may not read it',
      {
        [DEFINITION]: forbidden,
        [GROUP]: { kind: 'APIResourceList', resources: [{ name: 'nodepreps', verbs: ['get'] }] },
      },
    ],
  ])('is missing when %s', async (_, answers) => {
    const read = readDefinition(serverWith(answers), signal);

    await expect(read).rejects.toEqual(missing);
    await expect(read).rejects.toBeInstanceOf(DefinitionMissingError);
  });

  test('is not missing because a load balancer answers 404 for everything', async () => {
    const client = serverWith({ [DEFINITION]: plain404, [GROUP]: plain404 });

    await expect(readDefinition(client, signal)).rejects.not.toBeInstanceOf(DefinitionMissingError);
  });

  test('has no uid where agents may not read it, and is there', async () => {
    const resources = [{ name: 'nodepreps', verbs: ['create', 'list'] }];
    const client = serverWith({ [DEFINITION]: forbidden, [GROUP]: { kind: 'APIResourceList', resources } });

    expect(await readDefinition(client, signal)).toBeUndefined();
  });
});
