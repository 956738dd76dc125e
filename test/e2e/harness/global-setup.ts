/** Builds once what every end-to-end test needs, and finds out which can run. */
import type { TestProject } from 'vitest/node';
import { buildTools, removeTools, type Tools } from './executable.ts';
import { whyNoNodes } from './native/requirements.ts';
import { whyNot } from './requirements.ts';

/** What the tests get to know, as `inject('e2e')`. */
export interface Prepared {
  /** Why tests on emulated machines are skipped, `undefined` when they run. */
  readonly noMachines: string | undefined;
  /** Why tests on native nodes are skipped, `undefined` when they run. */
  readonly noNodes: string | undefined;
  readonly tools: Tools;
  /** When everything has to be over, in the time of `Date.now`. */
  readonly deadline: number;
}

declare module 'vitest' {
  interface ProvidedContext {
    e2e: Prepared;
  }
}

/** How long all of it may take, with the building of images. */
const BUDGET_MINUTES = Number(process.env['E2E_BUDGET_MINUTES'] ?? 180);
const DEADLINE = Date.now() + BUDGET_MINUTES * 60_000;

/** Called by vitest before the first test file; resolves with what is called after the last. */
export default async function setup(project: TestProject): Promise<() => void> {
  const noMachines = whyNot();
  const noNodes = whyNoNodes();
  if (noMachines !== undefined) console.log(`e2e: all tests on emulated machines are skipped: ${noMachines}`);
  if (noNodes !== undefined) console.log(`e2e: all tests on native nodes are skipped: ${noNodes}`);
  const none: Tools = { root: '', disk: '', key: '', previous: '' };
  // A build that fails is a failure of the project, not a reason to skip.
  const tools = noMachines === undefined || noNodes === undefined ? await buildTools() : none;
  project.provide('e2e', { noMachines, noNodes, tools, deadline: DEADLINE });
  return () => removeTools(tools);
}
