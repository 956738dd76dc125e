/** How a scenario is written: a test with machines of its own, which end with it whatever happens. */
import { inject, test } from 'vitest';
import { cached } from './cache.ts';
import { expectReady } from './world.ts';
import { type Machine, type MachineParts, restoreMachine, TOOLS } from './machine.ts';

/** The executable under test as a machine sees it before an installation. */
export const CURRENT = `${TOOLS}/current/nodeprep`;

/** The executable of the build before it. */
export const PREVIOUS = `${TOOLS}/previous/nodeprep`;

/** Where machines come from. Each one ends with the test. */
export interface Machines {
  /** A running machine that has never seen NodePrep. */
  readonly pristine: () => Promise<Machine>;
  /** A running machine with `nodeprep install` done and everything as declared. */
  readonly installed: () => Promise<Machine>;
  /** Takes over a machine that the test made itself. */
  readonly adopt: (machine: Machine) => Machine;
  readonly parts: MachineParts;
  /** What the build before is, in words. */
  readonly previous: string;
}

/** Declares one end-to-end test, skipped with the reason where machines cannot run. */
export function scenario(name: string, minutes: number, body: (machines: Machines) => Promise<void>): void {
  test(name, { timeout: minutes * 60_000 }, async (context) => {
    const prepared = inject('e2e');
    if (prepared.skipped !== undefined) return context.skip(prepared.skipped);
    const started: Machine[] = [];
    const adopt = (machine: Machine) => {
      started.push(machine);
      return machine;
    };
    const machines: Machines = {
      pristine: async () => adopt(await restoreMachine(prepared.pristine, { toolsDisk: prepared.parts.toolsDisk })),
      installed: async () => {
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
        return adopt(await restoreMachine(snapshot, { toolsDisk: prepared.parts.toolsDisk }));
      },
      adopt,
      parts: prepared.parts,
      previous: prepared.previous,
    };
    try {
      await body(machines);
    } catch (error) {
      for (const machine of started) console.log(`e2e: the journal of the machine:\n${await lastWords(machine)}`);
      throw error;
    } finally {
      for (const machine of started) await machine.stop();
    }
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
