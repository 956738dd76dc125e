import { getHeapStatistics } from 'node:v8';
import type { ReportSink } from '../../reconcile/report/node-report.ts';

/** Long enough for what follows the first report, such as the second look. */
const AFTER_MS = 2500;
/** What seven changed specs leave, or seven quiet minutes. */
const GROWN_BYTES = 2 ** 20;
/** Changes come in groups, and each is repaired within milliseconds. */
const PAUSE_MS = 200;
/** Connections that are lost again and again leave garbage without a report. */
const LOOK_MS = 5000;

/** The memory of the engine. */
export interface EngineMemory {
  readonly usedBytes: () => number;
  /** Collects garbage; `all` also compacts the heap, which takes twice as long. */
  readonly collect: (extent: 'most' | 'all') => void;
}

/**
 * Gives back what only starting needed, once, a while after the first report: about three megabytes that the engine would
 * keep for a growth that never comes. From then on, for the life of the process, it collects whenever little has piled
 * up; the engine itself would wait for ten megabytes, which the agent of a cluster fills with the specs and answers of
 * one burst. Only the executable can (`--expose-gc`).
 */
export function createMemoryRelease(memory: EngineMemory | undefined = memoryFrom(globalThis)): ReportSink {
  let isScheduled = false;
  let look: (() => void) | undefined;
  const start = ({ usedBytes, collect }: EngineMemory) => {
    collect('all');
    let leftBytes = usedBytes();
    look = () => {
      const bytes = usedBytes();
      // The engine collects, too, what was still in use when we did.
      leftBytes = Math.min(leftBytes, bytes);
      if (isScheduled || bytes - leftBytes < GROWN_BYTES) return;
      isScheduled = true;
      // Never at once: the event of a truncation comes before the write, and a collection would delay the repair.
      setTimeout(() => {
        isScheduled = false;
        if (usedBytes() - leftBytes < GROWN_BYTES) return;
        collect('most');
        leftBytes = usedBytes();
      }, PAUSE_MS).unref();
    };
    setInterval(look, LOOK_MS).unref();
  };
  return {
    name: 'memory',
    publish: async () => {
      if (look !== undefined) return look();
      if (isScheduled || memory === undefined) return;
      isScheduled = true;
      setTimeout(() => {
        isScheduled = false;
        start(memory);
      }, AFTER_MS).unref();
    },
  };
}

function memoryFrom(scope: object): EngineMemory | undefined {
  const { gc } = scope as { readonly gc?: (options: object) => void };
  if (gc === undefined) return undefined;
  return {
    usedBytes: () => getHeapStatistics().used_heap_size,
    collect: (extent) => gc({ type: 'major', execution: 'sync', flavor: extent === 'all' ? 'last-resort' : 'regular' }),
  };
}
