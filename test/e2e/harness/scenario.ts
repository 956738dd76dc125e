/** How a scenario is written: a test with machines of its own, which end with it whatever happens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { inject, test } from 'vitest';
import { leaveOut } from '../../support/leave-out.ts';
import { cached } from './cache.ts';
import { expectReady } from './world.ts';
import { type Machine, restoreMachine, TOOLS } from './machine.ts';
import type { MachineParts } from './qemu-arguments.ts';

/** The executable under test as a machine sees it before an installation. */
export const CURRENT = `${TOOLS}/current/nodeprep`;

/** The executable of the build before it. */
export const PREVIOUS = `${TOOLS}/previous/nodeprep`;

/** The Debian package of the executable under test, and one with a higher version and other bytes. */
export const PACKAGE = `${TOOLS}/packages/nodeprep.deb`;
export const NEWER_PACKAGE = `${TOOLS}/packages/nodeprep-newer.deb`;

/** Where machines come from. Each one ends with the test. */
export interface Machines {
  /** A running machine that has never seen NodePrep. */
  readonly pristine: (options?: Pick<MachineParts, 'outsidePort'>) => Promise<Machine>;
  /** A running machine with `nodeprep install` done and everything as declared. */
  readonly installed: (options?: Pick<MachineParts, 'outsidePort'>) => Promise<Machine>;
  /** Takes over a machine that the test made itself. */
  readonly adopt: (machine: Machine) => Machine;
  readonly parts: MachineParts;
  /** What the build before is, in words. */
  readonly previous: string;
}

/** A scenario with less time left than this is not begun. */
const LEAST_MINUTES = 4;
const TOO_LATE = 'the time for all of them (E2E_BUDGET_MINUTES) is over';

/** Minutes until everything has to be over. */
export function minutesLeft(): number {
  return (inject('e2e').deadline - Date.now()) / 60_000;
}

/** Declares one end-to-end test, skipped with the reason where machines cannot run or time is over. */
export function scenario(name: string, minutes: number, body: (machines: Machines) => Promise<void>): void {
  test(name, { timeout: minutes * 60_000 }, async (context) => {
    const prepared = inject('e2e');
    const skipped = prepared.skipped ?? (minutesLeft() < LEAST_MINUTES ? TOO_LATE : undefined);
    if (skipped !== undefined) leaveOut(context, skipped);
    const started: Machine[] = [];
    let isLate = false;
    const adopt = (machine: Machine) => {
      started.push(machine);
      // The others have been stopped already.
      if (isLate) void machine.stop();
      return machine;
    };
    const machines: Machines = {
      pristine: async (options = {}) =>
        adopt(await restoreMachine(prepared.pristine, { toolsDisk: prepared.parts.toolsDisk, ...options })),
      installed: async (options = {}) => {
        const snapshot = await cached('installed', prepared.key, async (folder) => {
          const machine = await restoreMachine(prepared.pristine, { toolsDisk: prepared.parts.toolsDisk }, true);
          try {
            await install(machine);
            await expectReady(machine);
            await machine.save(folder);
          } finally {
            await machine.stop();
          }
        });
        return adopt(await restoreMachine(snapshot, { toolsDisk: prepared.parts.toolsDisk, ...options }));
      },
      adopt,
      parts: prepared.parts,
      previous: prepared.previous,
    };
    const time = new AbortController();
    const isOver = sleep(minutesLeft() * 60_000, true, { signal: time.signal }).catch(() => false);
    try {
      const work = body(machines).then(() => false);
      isLate = await Promise.race([work, isOver]);
    } catch (error) {
      // The report comes when all scenarios have ended, which may be an hour later.
      console.log(`e2e: "${name}" failed: ${inspect(error)}`);
      for (const machine of started) console.log(`e2e: the journal of the machine:\n${await lastWords(machine)}`);
      throw error;
    } finally {
      time.abort();
      for (const machine of started) await machine.stop();
      const seconds = started.reduce((sum, machine) => sum + machine.processorSeconds(), 0);
      note(`the machines took ${seconds.toFixed(0)} s of processor time`);
    }
    if (isLate) leaveOut(context, TOO_LATE);
  });
}

/** What NodePrep said last in a machine that may not answer any more. */
async function lastWords(machine: Machine): Promise<string> {
  const script = 'journalctl -u nodeprep -u nodeprep-bootstrap -n 40 -o short-precise --no-pager';
  return machine.exec(script, { timeoutMs: 30_000, port: 1 }).then(
    ({ output }) => output,
    (error: unknown) => String(error),
  );
}

/** Installs NodePrep with the built-in profile and waits until the machine is ready. */
export async function install(machine: Machine, options = ''): Promise<void> {
  await machine.run(`${CURRENT} install ${options}`, { timeoutMs: 300_000 });
}

/** Prints one figure or order that the scenario has measured. */
export function note(text: string): void {
  console.log(`e2e: ${text}`);
}
