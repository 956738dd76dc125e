/** How `npm run test:e2e` runs the scenarios on virtual machines: one machine at a time, with time to spare. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    globalSetup: ['test/e2e/harness/global-setup.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 30_000,
    disableConsoleIntercept: true,
    reporters: ['verbose', ['json', { outputFile: 'reports/e2e.json' }]],
  },
});
