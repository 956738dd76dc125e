/** How a scenario is written: a test with machines of its own, which end with it whatever happens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { inject, test } from 'vitest';
import { leaveOut } from '../../support/leave-out.ts';
import { cached } from './cache.ts';
import { ensureMachinery } from './emulated.ts';
import type { Suite } from './image.ts';
import { type EmulatedMachine, type Machine, restoreMachine, TOOLS } from './machine.ts';
import { bootNode, type NativeNode, type NodeParts } from './native/node.ts';
import { ensureTree } from './native/tree.ts';
import { note } from './note.ts';
import { expectReady } from './world.ts';

/** The executable under test as a machine sees it before an installation. */
export const CURRENT = `${TOOLS}/current/nodeprep`;

/** The executable of the build before it. */
export const PREVIOUS = `${TOOLS}/previous/nodeprep`;

/** The Debian package of the executable under test, and one with a higher version and other bytes. */
export const PACKAGE = `${TOOLS}/packages/nodeprep.deb`;
export const NEWER_PACKAGE = `${TOOLS}/packages/nodeprep-newer.deb`;

/** Where emulated machines come from. Each one ends with the test. */
export interface Machines {
  /** A running machine that has never seen NodePrep. */
  readonly pristine: () => Promise<EmulatedMachine>;
  /** A running machine with `nodeprep install` done and everything as declared. */
  readonly installed: () => Promise<EmulatedMachine>;
}

/** Where native nodes come from. Each one ends with the test. */
export interface Nodes {
  /** A running node that has never seen NodePrep. */
  readonly pristine: (options?: NodeOptions) => Promise<NativeNode>;
  /** A running node with `nodeprep install` done and everything as declared. */
  readonly installed: (options?: NodeOptions) => Promise<NativeNode>;
}

/** How a node differs from the others. */
export interface NodeOptions extends Pick<NodeParts, 'prepare' | 'diskMb'> {
  /** The release of Debian, bookworm unless given. */
  readonly suite?: Suite;
}

type Adopt = <M extends Machine>(machine: M) => M;

/** A scenario with less time left than this is not begun. */
const LEAST_MINUTES = 4;
const TOO_LATE = 'the time for all of them (E2E_BUDGET_MINUTES) is over';
/** What the first scenario may take longer, because it makes what the others find. */
const MAKING_MINUTES = 15;

/** Minutes until everything has to be over. */
export function minutesLeft(): number {
  return (inject('e2e').deadline - Date.now()) / 60_000;
}

/** What the executable of the build before is, in words. */
export function previousBuild(): string {
  return inject('e2e').tools.previous;
}

/** Declares a test on emulated machines, for what needs a kernel; skipped with the reason where it cannot run. */
export function scenario(name: string, minutes: number, body: (machines: Machines) => Promise<void>): void {
  const { noMachines, tools } = inject('e2e');
  declare(
    name,
    minutes,
    noMachines,
    () => ensureMachinery(tools),
    async ({ parts, pristine, key }, adopt) => {
      const { toolsDisk } = parts;
      const machines: EmulatedMachine[] = [];
      const mine = (machine: EmulatedMachine) => {
        machines.push(machine);
        return adopt(machine);
      };
      await body({
        pristine: async () => mine(await restoreMachine(pristine, { toolsDisk })),
        installed: async () => {
          const snapshot = await cached('installed', key, async (folder) => {
            const machine = await restoreMachine(pristine, { toolsDisk }, true);
            try {
              await install(machine);
              await expectReady(machine);
              await machine.save(folder);
            } finally {
              await machine.stop();
            }
          });
          return mine(await restoreMachine(snapshot, { toolsDisk }));
        },
      });
      const seconds = machines.reduce((sum, machine) => sum + machine.processorSeconds(), 0);
      note(`the machines took ${seconds.toFixed(0)} s of processor time`);
    },
  );
}

/** Declares a test on native nodes; skipped with the reason where it cannot run, which `obstacle` is if there is one. */
export function nodeScenario(
  name: string,
  minutes: number,
  body: (nodes: Nodes) => Promise<void>,
  obstacle?: string,
): void {
  const { noNodes, tools } = inject('e2e');
  declare(
    name,
    minutes,
    noNodes ?? obstacle,
    () => ensureTree('bookworm'),
    async (_, adopt) => {
      const pristine = async ({ suite = 'bookworm', ...parts }: NodeOptions = {}) =>
        adopt(await bootNode({ tree: await ensureTree(suite), tools: tools.root, ...parts }));
      await body({
        pristine,
        installed: async (options) => {
          const node = await pristine(options);
          await install(node);
          await expectReady(node);
          return node;
        },
      });
    },
  );
}

/** One test with what it needs, and with machines that end with it. */
function declare<T>(
  name: string,
  minutes: number,
  whyNot: string | undefined,
  make: () => Promise<T>,
  body: (made: T, adopt: Adopt) => Promise<void>,
): void {
  test(name, { timeout: (minutes + MAKING_MINUTES) * 60_000 }, async (context) => {
    const skipped = whyNot ?? (minutesLeft() < LEAST_MINUTES ? TOO_LATE : undefined);
    if (skipped !== undefined) leaveOut(context, skipped);
    const made = await make().catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      console.log(`e2e: ${message}`);
      return leaveOut(context, message.split('\n', 1)[0] ?? message);
    });
    const started: Machine[] = [];
    let isLate = false;
    const adopt: Adopt = (machine) => {
      started.push(machine);
      // The others have been stopped already.
      if (isLate) void machine.stop();
      return machine;
    };
    const time = new AbortController();
    const isOver = sleep(minutesLeft() * 60_000, true, { signal: time.signal }).catch(() => false);
    try {
      const work = body(made, adopt).then(() => false);
      isLate = await Promise.race([work, isOver]);
    } catch (error) {
      // The report comes when all scenarios have ended, which may be half an hour later.
      console.log(`e2e: "${name}" failed: ${inspect(error)}`);
      for (const machine of started) console.log(`e2e: the journal of the machine:\n${await lastWords(machine)}`);
      throw error;
    } finally {
      time.abort();
      for (const machine of started) await machine.stop();
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
