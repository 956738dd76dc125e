/**
 * What the agent itself costs, under the names that all Prometheus clients share. The default
 * metrics of prom-client have these too, but with timers that wake the process all the time.
 */
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';

// Read once: time of day minus uptime moves with every correction of the clock.
const startedAt = Math.round(Date.now() / 1000 - process.uptime());

/** Adds memory, processor time and start time of this process, each read when scraped. */
export function processMetrics(registry: Registry): void {
  const registers = [registry];
  let counted = 0;
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the agent, user and system.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      const seconds = (user + system) / 1e6;
      this.inc(seconds - counted);
      counted = seconds;
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Memory of the agent, the mapped pages of its executable included.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Unix time at which the agent started; it changes with every restart.',
    registers,
  }).set(startedAt);
}
