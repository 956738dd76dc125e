import { createInstruments, type Probe } from './instruments.ts';
import type { Metrics } from './metrics.ts';

/**
 * The metrics of a process that stands by: it knows nothing of the host, and what it knew before it
 * handed the host over is not so any more.
 */
export function standbyMetrics(version: string, probes: readonly Probe[]): Pick<Metrics, 'render' | 'contentType'> {
  const { buildInfo, registry, standby } = createInstruments(
    probes.map((probe) => ({ ...probe, read: async () => undefined })),
  );
  buildInfo.set({ version, nodejs: process.version }, 1);
  standby.set(1);
  return { render: () => registry.metrics(), contentType: registry.contentType };
}
