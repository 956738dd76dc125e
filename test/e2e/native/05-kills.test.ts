/** Point 5: killed at any moment, NodePrep leaves no torn file, loses no original, and the next start converges. */
import { killAtMoments } from '../harness/crash.ts';
import { nodeScenario } from '../harness/scenario.ts';

const KILLS = Number(process.env['E2E_KILLS'] ?? 50);

nodeScenario(
  `killed at ${KILLS} moments of converging and of uninstalling, it leaves whole files, keeps every original and converges`,
  15,
  async (nodes) => killAtMoments(await nodes.pristine(), KILLS),
);
