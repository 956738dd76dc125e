/**
 * The tests that Stryker runs against each mutant: the unit tests of the areas. Properties would kill
 * more, but one of them takes longer than all unit tests, and there are hundreds of mutants.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/unit/areas/**/*.test.ts'],
    // This one starts programs.
    exclude: ['**/image.test.ts'],
    restoreMocks: true,
    setupFiles: ['test/support/quick-properties.ts'],
  },
});
