import { everyArea } from '../../src/areas/index.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { markdownTable } from './table.ts';

/** Every metric that the daemon serves. */
export function metricsReference(): string {
  const metrics = createMetrics({
    version: 'any',
    probes: everyArea((area) => area.gauges ?? [])
      .flat()
      .map((gauge) => ({ ...gauge, read: async () => undefined })),
    counters: everyArea((area) => area.counters ?? []).flat(),
  });
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
In a cluster (\`--kube --metrics-bind-address :9753\`) with TLS, and \`/metrics\` only for whom the API server lets read it: the bearer
token of the caller must belong to an account with the ClusterRole \`nodeprep-metrics-reader\`.

Dashboard, alert rules and a PodMonitor are in \`manifests/prometheus\`, what to do about each alert is in \`docs/runbooks\`. Every label set is there from the start, and gauges are taken from the host again at every start. No label holds the
name of an entry: those are in the status.

${markdownTable(['Metric', 'Type', 'Labels', 'Meaning'], rows)}
`;
}
