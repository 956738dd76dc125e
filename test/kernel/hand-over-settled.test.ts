import { describe, expect, it } from 'vitest';
import { podWorldObstacle } from '../support/pod-world.ts';
import { KILLS, killAtRandom, ONE_WRITER } from '../support/random-kills.ts';

const obstacle = podWorldObstacle();
if (obstacle !== undefined) console.warn(`Skipped: ${obstacle}`);

describe.skipIf(obstacle !== undefined)('the host', () => {
  it(`never has two writers and always the next one, killed ${KILLS} times when each has found its place`, {
    timeout: 60_000 + KILLS * 20_000,
  }, async () => {
    const { resumes, ...found } = await killAtRandom(KILLS, 'settled');

    expect(found).toEqual(ONE_WRITER);
    expect(resumes).not.toEqual([]);
    expect(Math.max(...resumes)).toBeLessThan(10_000);
  });
});
