/** What cables, routers and dying servers do to a watch, in front of a real API server. */
import { describe, expect, test } from 'vitest';
import type { Flavor } from '../harness/assets.ts';
import { usingControlPlane } from '../harness/control-plane.ts';
import { followThroughTcp, makeSubject } from './followed.ts';

const SOON = { timeout: 15_000, interval: 20 };

describe.each<Flavor>(['full', 'current'])('an object followed on the server "%s"', (flavor) => {
  const plane = usingControlPlane({ flavor });

  async function begin() {
    const subject = await makeSubject(plane());
    const { followed, proxy } = await followThroughTcp(plane(), subject);
    await expect.poll(() => followed.shown, SOON).toEqual(['one']);
    return { subject, followed, proxy };
  }

  test('is shown when it is made, changed, removed and made again, over one connection', async () => {
    const { subject, followed, proxy } = await begin();

    await subject.set('two');
    await expect.poll(() => followed.shown.at(-1), SOON).toBe('two');
    await subject.remove();
    await expect.poll(() => followed.shown.at(-1), SOON).toBeUndefined();
    const { send } = plane();
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: subject.name }, data: { value: 'three' } };
    await send('POST', '/api/v1/namespaces/default/configmaps', object);

    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two', undefined, 'three']);
    expect(proxy.accepted()).toBe(1);
    expect(followed.problems).toEqual([]);
  });

  test('is shown as none when there is none', async () => {
    const { followed } = await followThroughTcp(plane(), { name: 'never-made' });

    await expect.poll(() => followed.shown, SOON).toEqual([undefined]);
  });

  test('survives a TCP reset, and what did not change is not shown again', async () => {
    const { subject, followed, proxy } = await begin();

    proxy.reset();
    await expect.poll(() => proxy.accepted(), SOON).toBe(2);
    await subject.set('two');

    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two']);
    await expect.poll(() => followed.recoveries(), SOON).toBe(1);
    expect(followed.problems.map(({ error }) => error.name)).toEqual(['ApiUnreachableError']);
  });

  test('survives that the connection is hung up in the middle of it', async () => {
    const { subject, followed, proxy } = await begin();

    proxy.hangUp();
    await subject.set('two');

    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two']);
  });

  test('survives resets in a row without missing the last state', async () => {
    const { subject, followed, proxy } = await begin();

    for (let round = 1; round <= 5; round += 1) {
      const before = proxy.accepted();
      await subject.set(`round ${round}`);
      proxy.reset();
      await expect.poll(() => proxy.accepted(), SOON).toBeGreaterThan(before);
      await expect.poll(() => followed.shown.at(-1), SOON).toBe(`round ${round}`);
    }

    expect(proxy.open()).toBe(1);
    expect(followed.hasEnded()).toBe(false);
  });

  test('notices a connection that is open and dead, and shows what it missed', async () => {
    const { subject, followed, proxy } = await begin();

    proxy.freeze();
    await subject.set('two');
    await expect.poll(() => followed.problems.length, SOON).toBeGreaterThan(0);
    proxy.thaw();

    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two']);
    expect(followed.problems[0]?.error.message).toContain('did not answer a PING');
  });

  test('waits while nobody answers at its address, and goes on afterwards', async () => {
    const { subject, followed, proxy } = await begin();

    proxy.refuse(true);
    proxy.reset();
    await expect.poll(() => followed.problems.length, SOON).toBeGreaterThan(3);
    await subject.set('two');
    proxy.refuse(false);

    await expect.poll(() => followed.shown, SOON).toEqual(['one', 'two']);
    const delays = followed.problems.map(({ retryMs }) => retryMs);
    expect(Math.max(...delays)).toBeGreaterThan(1000);
    expect(followed.recoveries()).toBe(1);
  });

  test('survives that the API server is killed and comes back with another state', { timeout: 120_000 }, async () => {
    const { subject, followed } = await begin();

    await subject.set('two');
    await plane().stopServer('SIGKILL');
    await expect.poll(() => followed.problems.length, SOON).toBeGreaterThan(0);
    await plane().startServer();
    await subject.set('three');

    await expect.poll(() => followed.shown.at(-1), { ...SOON, timeout: 40_000 }).toBe('three');
    expect(followed.hasEnded()).toBe(false);
  });

  test('survives that the API server is frozen and thawed', async () => {
    const { subject, followed } = await begin();

    plane().server().freeze();
    await expect.poll(() => followed.problems.length, SOON).toBeGreaterThan(1);
    plane().server().thaw();
    await subject.set('two');

    await expect.poll(() => followed.shown.at(-1), { ...SOON, timeout: 40_000 }).toBe('two');
  });
});
