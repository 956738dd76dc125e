/** How `npm run test:e2e` runs the scenarios on virtual machines: one machine at a time, with time to spare. */
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** In the order of their names, from simple to long: what later ones rely on is proven first. */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((one, other) => one.moduleId.localeCompare(other.moduleId));
  }
}

export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    globalSetup: ['test/e2e/harness/global-setup.ts'],
    pool: 'forks',
    fileParallelism: false,
    sequence: { sequencer: ByName },
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 30_000,
    disableConsoleIntercept: true,
    reporters: ['verbose', ['json', { outputFile: 'reports/e2e.json' }]],
  },
});
