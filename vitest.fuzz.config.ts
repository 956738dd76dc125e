/** How `npm run test:fuzz` runs the properties of hostile input: for a minute, or as long as `FUZZ_SECONDS` says. */
import { defineConfig } from 'vitest/config';

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 60);
process.env['FUZZ_SEED'] ??= String(Math.trunc(Math.random() * 2 ** 31));
console.log(`FUZZ_SEED=${process.env['FUZZ_SEED']} FUZZ_SECONDS=${seconds}`);

export default defineConfig({
  test: {
    include: ['test/fuzz/**/*.test.ts'],
    // Each property has its part of the time; the rest is for a busy machine.
    testTimeout: seconds * 1000 + 120_000,
    disableConsoleIntercept: true,
    reporters: ['verbose', ['json', { outputFile: 'reports/fuzz.json' }]],
  },
});
