/** Amounts of memory for people. */

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `268431360` as `256 MiB`, with one decimal where it says more. */
export function renderSize(bytes: number): string {
  let unit = 'B';
  let amount = bytes;
  for (const next of UNITS) {
    if (Math.abs(amount) < 1024) break;
    amount /= 1024;
    unit = next;
  }
  return `${unit === 'B' ? amount : Math.round(amount * 10) / 10} ${unit}`;
}

/** Readable and exact: `256 MiB (268431360 bytes)`. */
export function renderExactSize(bytes: number): string {
  return `${renderSize(bytes)} (${bytes} bytes)`;
}
