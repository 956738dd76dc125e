/** What overloaded, restarted and foreign servers answer to a list or a watch, before a real API server. */
import { describe, expect, test } from 'vitest';
import { answerStatus, type Fault, type SeenRequest } from '../../support/http-fault-proxy.ts';
import { usingControlPlane } from '../harness/control-plane.ts';
import { followThroughHttp, makeSubject } from './followed.ts';

const SOON = { timeout: 15_000, interval: 20 };
/** After many failures in a row the next attempt may be this far away. */
const AFTER_LONGEST_WAIT = { timeout: 45_000, interval: 20 };
const isWatch = ({ url }: SeenRequest) => url.searchParams.get('watch') === 'true';

/** The fault for the first so many requests of a kind. */
function first(count: number, which: (request: SeenRequest) => boolean, fault: Fault): Fault {
  let left = count;
  return (request, response) => {
    if (left === 0 || !which(request)) return undefined;
    left -= 1;
    return fault(request, response);
  };
}

describe('an object followed through HTTP faults', () => {
  const plane = usingControlPlane({ flavor: 'full' });

  async function begin(options: Parameters<typeof followThroughHttp>[2] = {}) {
    const subject = await makeSubject(plane());
    const { followed, proxy } = await followThroughHttp(plane(), subject, options);
    await expect.poll(() => followed.shown, SOON).toEqual(['one']);
    await expect.poll(() => proxy.seen.filter(isWatch).length, SOON).toBe(1);
    // Ended before its head, a watch is an answer that is no watch.
    await expect.poll(() => proxy.answering(), SOON).toBe(1);
    return { subject, followed, proxy, lists: () => proxy.seen.filter((request) => !isWatch(request)).length };
  }

  test('is asked for by name, with bookmarks and a time-out between 290 and 580 seconds', async () => {
    const { subject, proxy } = await begin();

    const [list, watch] = proxy.seen;

    expect(list?.url.searchParams.get('fieldSelector')).toBe(`metadata.name=${subject.name}`);
    expect(Object.fromEntries(watch?.url.searchParams ?? [])).toMatchObject({
      fieldSelector: `metadata.name=${subject.name}`,
      allowWatchBookmarks: 'true',
      resourceVersion: expect.stringMatching(/^\d+$/),
    });
    expect(Number(watch?.url.searchParams.get('timeoutSeconds'))).toBeGreaterThanOrEqual(290);
    expect(Number(watch?.url.searchParams.get('timeoutSeconds'))).toBeLessThanOrEqual(580);
  });

  test('is listed again where the server ended the watch, without a problem', async () => {
    const { subject, followed, proxy, lists } = await begin();
    await subject.set('two');
    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two']);

    proxy.endAnswers();
    await subject.set('three');

    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two', 'three']);
    expect(lists()).toBe(2);
    expect(followed.problems).toEqual([]);
  });

  test('is asked for ever more rarely when each watch ends at once', { timeout: 120_000 }, async () => {
    const { subject, followed, proxy } = await begin();

    proxy.setFault((request, response) => {
      if (!isWatch(request)) return undefined;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end();
      return 'answered';
    });
    const before = proxy.seen.length;
    const begun = Date.now();
    proxy.endAnswers();
    await expect.poll(() => proxy.seen.length, { timeout: 30_000, interval: 20 }).toBeGreaterThanOrEqual(before + 8);
    const seconds = (Date.now() - begun) / 1000;
    await subject.set('two');
    proxy.setFault(undefined);

    expect(seconds).toBeGreaterThan(3);
    await expect.poll(() => followed.shown, AFTER_LONGEST_WAIT).toEqual(['one', 'two']);
  });

  test.each<[string, Fault]>([
    ['410 as an answer', (_, response) => answerStatus(response, 410, 'Expired')],
    [
      '410 as an event',
      (_, response) => {
        const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
        response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
        return 'answered';
      },
    ],
  ])('is listed again after %s, and that is no problem', async (_, fault) => {
    const { subject, followed, proxy, lists } = await begin();

    proxy.setFault(first(1, isWatch, fault));
    proxy.endAnswers();
    await expect.poll(lists, SOON).toBe(2);
    await subject.set('two');

    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two']);
    expect(followed.problems).toEqual([]);
  });

  test('waits as long as a server with too many requests asks for', async () => {
    const { subject, followed, proxy } = await begin();
    let refusedAt = Infinity;

    proxy.setFault(
      first(
        1,
        () => true,
        (_, response) => {
          refusedAt = performance.now();
          return answerStatus(response, 429, 'TooManyRequests', { 'retry-after': '2' });
        },
      ),
    );
    proxy.endAnswers();
    await subject.set('two');
    await expect.poll(() => followed.problems.length, SOON).toBe(1);
    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two']);

    expect(performance.now() - refusedAt).toBeGreaterThanOrEqual(2000);
    expect(followed.problems[0]).toMatchObject({ error: { name: 'ApiError', code: 429, retryAfterSeconds: 2 } });
    expect(followed.problems[0]?.retryMs).toBeGreaterThanOrEqual(2000);
  });

  test.each<[string, Fault]>([
    ['an error of the server', (_, response) => answerStatus(response, 500, 'InternalError')],
    [
      'a page of a load balancer',
      (_, response) => {
        response.writeHead(503, { 'content-type': 'text/html' });
        response.end('<html><h1>503 Service Unavailable</h1></html>');
        return 'answered';
      },
    ],
    [
      'a login page with code 200',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<html>Please log in</html>\n');
        return 'answered';
      },
    ],
    [
      'an object that is no list and no event',
      (_, response) => {
        response.end('{"kind":"NodePrep","type":"MODIFIED"}\n');
        return 'answered';
      },
    ],
    ['nothing at all', () => 'answered'],
    [
      'the head of an answer and no more',
      (request, response) => {
        if (isWatch(request)) return answerStatus(response, 410, 'Expired');
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"kind":');
        return 'answered';
      },
    ],
  ])('survives %s', async (_, fault) => {
    const { subject, followed, proxy } = await begin();

    proxy.setFault(first(3, () => true, fault));
    proxy.endAnswers();
    await subject.set('two');

    await expect.poll(() => followed.shown, { ...SOON, timeout: 30_000 }).toEqual(['one', 'two']);
    expect(followed.problems.length).toBeGreaterThan(0);
    await expect.poll(() => followed.recoveries(), SOON).toBeGreaterThan(0);
    expect(proxy.openConnections()).toBe(1);
  });

  test.each(['end', 'cut'] as const)('survives an event that is only half there (%s)', async (how) => {
    const { subject, followed, proxy } = await begin();
    let isDone = false;

    proxy.setBody((chunk) => {
      if (isDone || !chunk.includes('two')) return [chunk];
      if (chunk.length < 50) return how;
      isDone = true;
      setTimeout(() => proxy.endAnswers(), 50);
      return [chunk.subarray(0, chunk.length - 20)];
    });
    await subject.set('two');

    await expect.poll(() => isDone, SOON).toBe(true);
    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two']);
  });

  test('reads events that arrive byte by byte', async () => {
    const { subject, followed, proxy } = await begin();

    proxy.setBody((chunk) => Array.from(chunk, (byte) => Buffer.of(byte)));
    await subject.set('zwei – 二 – 💾');

    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'zwei – 二 – 💾']);
    expect(followed.problems).toEqual([]);
  });

  test('opens the next connection when the server says that this one takes no more, and loses nothing', async () => {
    const { subject, followed, proxy } = await begin();

    proxy.goAway();
    await subject.set('two');
    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two']);
    proxy.endAnswers();
    await subject.set('three');

    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two', 'three']);
    expect(followed.problems).toEqual([]);
    expect(proxy.connections()).toBe(2);
    await expect.poll(() => proxy.openConnections(), SOON).toBe(1);
  });

  test('is shown as well where only HTTP/1.1 is spoken, over one connection', async () => {
    const { subject, followed, proxy } = await begin({ isHttp1Only: true });

    await subject.set('two');
    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two']);
    proxy.endAnswers();
    await subject.set('three');

    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two', 'three']);
    expect(new Set(proxy.seen.map(({ httpVersion }) => httpVersion))).toEqual(new Set(['1.1']));
    expect(proxy.connections()).toBe(1);
    expect(followed.problems).toEqual([]);
  });
});
