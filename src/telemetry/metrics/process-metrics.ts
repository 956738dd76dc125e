/**
 * What the agent itself costs, under the names that all Prometheus clients share. The default
 * metrics of prom-client have these too, but with timers that wake the process all the time.
 */
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';

// Time of day minus uptime moves with every correction of the clock, and whole seconds hide a quick restart.
const STARTED_AT = performance.timeOrigin / 1000;

/** Memory, processor time and start time of this process, each read when scraped. */
export function processMetrics(registry: Registry) {
  const registers = [registry];
  let counted = 0;
  const startTime = new Gauge({
    name: 'process_start_time_seconds',
    help: 'Unix time at which the agent started; it changes with every restart.',
    registers,
  });
  startTime.set(STARTED_AT);
  return {
    startTime,
    cpu: new Counter({
      name: 'process_cpu_seconds_total',
      help: 'Processor time of the agent, user and system.',
      registers,
      collect() {
        const { user, system } = process.cpuUsage();
        const seconds = (user + system) / 1e6;
        this.inc(Math.max(seconds - counted, 0));
        counted = seconds;
      },
    }),
    memory: new Gauge({
      name: 'process_resident_memory_bytes',
      help: 'Memory of the agent, the mapped pages of its executable included.',
      registers,
      collect() {
        this.set(process.memoryUsage.rss());
      },
    }),
  };
}
