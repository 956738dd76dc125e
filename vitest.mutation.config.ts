/** The tests that Stryker runs against each mutant: those of the areas, without any that start processes. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/unit/areas/**/*.test.ts', 'test/property/{modules,sysctls,swap}*.test.ts'],
    restoreMocks: true,
    setupFiles: ['test/support/quick-properties.ts'],
  },
});
