/** What is asked of a machine while something stands in the way, and afterwards. */
import { expect } from 'vitest';
import type { Machine } from './machine.ts';
import { note } from './note.ts';
import { expectReady, LIVE_AS_DECLARED, live } from './world.ts';

/** The host answers, and its services can be asked. */
export async function expectUsable(machine: Machine): Promise<void> {
  expect(await machine.run('systemctl is-active kubelet containerd')).toBe('active\nactive');
}

/** Waits until the host is as declared, and prints how long that took. */
export async function waitUntilGood(machine: Machine, what: string): Promise<void> {
  const begin = performance.now();
  // Waits that failed become longer; the longest comes with the next full look, after five minutes.
  await expectReady(machine, 400_000);
  note(`${what}: ready again ${((performance.now() - begin) / 1000).toFixed(1)} s after the cause was gone`);
  expect(await live(machine)).toBe(LIVE_AS_DECLARED);
}
