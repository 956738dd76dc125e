/** Resident memory in MB: all of it, and what of it belongs to this process alone. */
export interface Memory {
  readonly rss: number;
  readonly anonymous: number;
  /** Pages of the executable and of libraries, which all processes of the same file share. */
  readonly ofFiles: number;
}

/** Reads /proc/PID/status; of several in one text it is the sum. */
export function memoryFrom(status: string): Memory {
  const of = (field: string) =>
    [...status.matchAll(new RegExp(`^${field}:\\s+(\\d+) kB`, 'gm'))].reduce((sum, [, kb]) => sum + Number(kb), 0) /
    1024;
  return { rss: of('VmRSS'), anonymous: of('RssAnon'), ofFiles: of('RssFile') };
}
