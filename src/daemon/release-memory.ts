import type { ReportSink } from '../reconcile/node-report.ts';

/** Long enough for what follows the first report, such as the second look. */
const AFTER_MS = 2500;

/**
 * Gives back what only starting needed, once, a while after the first report: about three megabytes
 * that the engine would keep for a growth that never comes. Only the executable can (`--expose-gc`).
 */
export function createMemoryRelease(release: (() => void) | undefined = releaseFrom(globalThis)): ReportSink {
  let isScheduled = false;
  return {
    name: 'memory',
    publish: async () => {
      if (isScheduled || release === undefined) return;
      isScheduled = true;
      setTimeout(release, AFTER_MS).unref();
    },
  };
}

function releaseFrom(scope: object): (() => void) | undefined {
  const { gc } = scope as { readonly gc?: (options: object) => void };
  return gc && (() => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }));
}
