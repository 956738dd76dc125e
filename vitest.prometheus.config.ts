/** How `npm run test:prometheus` runs what only a real Prometheus can show: rules, metrics and the dashboard's queries. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/prometheus/**/*.test.ts'],
    globalSetup: ['test/support/bundled-program.ts', 'test/prometheus/harness/global-setup.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
    reporters: ['verbose', ['json', { outputFile: 'reports/prometheus.json' }]],
  },
});
