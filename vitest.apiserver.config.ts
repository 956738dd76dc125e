/** How `npm run test:apiserver` runs the tests against real API servers: one file at a time, each with servers of its own. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/apiserver/**/*.test.ts'],
    globalSetup: ['test/support/bundled-program.ts', 'test/apiserver/harness/global-setup.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    disableConsoleIntercept: true,
    reporters: ['verbose', ['json', { outputFile: 'reports/apiserver.json' }]],
  },
});
