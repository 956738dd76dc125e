/** Tests that tell one story: each goes on in the cluster as the one before has left it. */
import { afterAll, beforeAll, beforeEach, inject } from 'vitest';
import { clusterObstacle } from '../../../apiserver/harness/controllers.ts';
import { leaveOut } from '../../../support/leave-out.ts';
import { ensureTree } from '../native/tree.ts';
import { note } from '../note.ts';
import { minutesLeft } from '../scenario.ts';
import { type Cluster, startCluster } from './cluster.ts';

/** Trees are built first where there are none. */
const MAKING_MS = 20 * 60_000;
const LEAST_MINUTES = 6;

/**
 * One cluster for all tests of a file, which ends with them. Where there can be none each test is skipped with the reason,
 * and after a failure those that would go on from it. Call it at the top of the file, and the result inside tests.
 */
export function usingCluster(): () => Cluster {
  const { noNodes, tools } = inject('e2e');
  const { assets, skipped } = inject('controlPlane');
  let whyNot = noNodes ?? skipped ?? clusterObstacle(assets.full);
  let cluster: Cluster | undefined;
  beforeAll(async () => {
    if (minutesLeft() < LEAST_MINUTES) whyNot ??= 'the time for all of them (E2E_BUDGET_MINUTES) is over';
    if (whyNot === undefined) cluster = await startCluster({ tree: await ensureTree('bookworm'), tools: tools.root });
  }, MAKING_MS);
  beforeEach((context) => {
    if (whyNot !== undefined) leaveOut(context, whyNot);
    const { name } = context.task;
    const begin = performance.now();
    context.onTestFinished(() => note(`${((performance.now() - begin) / 1000).toFixed(1)} s: ${name}`));
    context.onTestFailed(async () => {
      whyNot = `it goes on from "${name}", which has failed`;
      console.log(`e2e: "${name}" has failed:\n${await cluster?.logs()}`);
    });
  });
  afterAll(async () => cluster?.stop(), 120_000);
  return () => {
    if (cluster === undefined) throw new Error('The cluster is only there inside tests.');
    return cluster;
  };
}
