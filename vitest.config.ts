/** How vitest finds and runs the tests; `npm run test:coverage` adds the coverage of everything in src. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,property,contract,kernel}/**/*.test.ts'],
    globalSetup: ['test/support/bundled-program.ts'],
    setupFiles: ['test/support/time-limit.ts'],
    restoreMocks: true,
    // Some tests start programs, which takes seconds on a small and busy machine.
    testTimeout: 30_000,
    expect: { poll: { timeout: 15_000 } },
    unstubEnvs: true,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text', 'json-summary', 'html'],
      reportsDirectory: 'coverage',
      reportOnFailure: true,
    },
  },
});
