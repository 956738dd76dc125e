import { createMetrics } from '../../src/telemetry/metrics.ts';
import { markdownTable } from './table.ts';

/** Every metric that the daemon serves. */
export function metricsReference(): string {
  const metrics = createMetrics({ version: 'any' });
  metrics.cluster();
  const rows = metrics
    .describe()
    .map(({ name, type, labels, help }) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]);
  return `# Metrics

Served by \`nodeprep run\` on \`http://127.0.0.1:9752/metrics\` (\`--metrics-port\`, 0 is off), with \`/healthz\` and \`/readyz\`.
Every label set is there from the start, and gauges are taken from the host again at every start. No label holds the
name of an entry: those are in the status.

${markdownTable(['Metric', 'Type', 'Labels', 'Meaning'], rows)}
`;
}
