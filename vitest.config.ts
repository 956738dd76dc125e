/** How vitest finds and runs the tests; `npm run test:coverage` adds the coverage of everything in src. */
import { defineConfig } from 'vitest/config';

/** Tests that run one after the other in one process: they look at what functions return and at hosts in memory. */
const SHARED = ['test/unit/{api,areas,reconcile}/**/*.test.ts', 'test/property/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: SHARED,
          // Most of the time of these would go into loading the same modules for each file.
          isolate: false,
          setupFiles: ['test/support/no-trace.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'own', include: ['test/{unit,property,contract,program,kernel}/**/*.test.ts'], exclude: SHARED },
      },
    ],
    // Without this one processor is left idle, which on two is half of the machine.
    maxWorkers: '100%',
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
