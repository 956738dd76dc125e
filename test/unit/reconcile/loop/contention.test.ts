import { describe, expect, it } from 'vitest';
import type { Change } from '../../../../src/areas/area.ts';
import { createContention } from '../../../../src/reconcile/loop/contention.ts';

const change: Change = {
  action: 'update',
  target: 'net.ipv4.ip_forward',
  from: '0',
  to: '1',
  scope: 'live',
  disruption: 'None',
};
const MINUTE = 60_000;

function fight() {
  let time = 0;
  const contention = createContention(() => time);
  /** An administrator changed the value back; returns whether it was corrected. */
  const flip = (afterMs = 1000) => {
    time += afterMs;
    const held = contention.holdOff('sysctls', change, 'kube-proxy');
    if (held === undefined) contention.corrected('sysctls', [change]);
    return held;
  };
  return { contention, flip, wait: (ms: number) => (time += ms) };
}

describe('contention', () => {
  it('corrects two flips and holds off the third within ten minutes', () => {
    const { flip } = fight();

    expect([flip(), flip()]).toEqual([undefined, undefined]);
    expect(flip()).toMatchObject({ reason: 'Contested', target: 'net.ipv4.ip_forward' });
  });

  it('names the likely other party and what to do', () => {
    const { flip } = fight();
    flip();
    flip();

    expect(flip()?.message).toMatch(/kube-proxy.*configure the other side/);
  });

  it('does not hold off flips that are further apart than ten minutes', () => {
    const { flip } = fight();

    expect([1, 2, 3, 4, 5].map(() => flip(11 * MINUTE))).toEqual(Array(5).fill(undefined));
  });

  it('tries again after a minute and then waits twice as long', () => {
    const { flip, wait, contention } = fight();
    for (let n = 0; n < 3; n += 1) flip();
    expect(contention.nextRelease()).toBe(MINUTE);

    wait(MINUTE);
    expect(flip(0)).toBeUndefined();
    expect(flip()).toMatchObject({ reason: 'Contested' });

    expect(contention.nextRelease()).toBe(2 * MINUTE);
  });

  it('never waits longer than an hour', () => {
    const { flip, wait, contention } = fight();
    for (let n = 0; n < 60; n += 1) {
      flip(1);
      wait(contention.nextRelease() ?? 0);
    }
    flip(1);

    expect(contention.nextRelease()).toBeLessThanOrEqual(60 * MINUTE);
  });

  it('keeps other entries and the persistent side out of it', () => {
    const { flip, contention } = fight();
    for (let n = 0; n < 3; n += 1) flip();

    expect(contention.holdOff('sysctls', { ...change, target: 'vm.swappiness' }, undefined)).toBeUndefined();
    expect(contention.holdOff('sysctls', { ...change, scope: 'persistent' }, undefined)).toBeUndefined();
  });
});
