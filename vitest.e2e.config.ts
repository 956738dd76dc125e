/** How `npm run test:e2e` runs the scenarios on emulated machines and native nodes: the long ones first, and time to spare. */
import { availableParallelism, totalmem } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONG = ['11-cluster', 'emulated/05', 'emulated/02', 'emulated/06', 'emulated'];

/** The long ones first, so that none of them is left for the end; the others by their names. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = LONG.findIndex((name) => moduleId.includes(name));
      return `${index < 0 ? LONG.length : index} ${moduleId}`;
    };
    return files.toSorted((one, other) => place(one).localeCompare(place(other)));
  }
}

/** Machines that run at the same time. Each keeps one processor busy and takes up to 700 MB. */
const MACHINES = Number(
  process.env['E2E_MACHINES'] ?? (availableParallelism() > 1 && totalmem() > 3.5 * 1024 ** 3 ? 2 : 1),
);

export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    globalSetup: ['test/e2e/harness/global-setup.ts', 'test/e2e/harness/control-plane-setup.ts'],
    pool: 'forks',
    maxWorkers: MACHINES,
    sequence: { sequencer: LongestFirst },
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 30_000,
    disableConsoleIntercept: true,
    reporters: ['verbose', ['json', { outputFile: 'reports/e2e.json' }]],
  },
});
