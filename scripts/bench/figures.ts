/** Figures of a benchmark, and the table that shows them next to their targets. */

/** One measured figure. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The largest value that is good enough; absent when the figure is only for comparison. */
  readonly target?: number;
  readonly note?: string;
}

/** The middle of the values; of an even number the mean of both middles. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** A Markdown table, as docs/benchmarks.md holds it. */
export function renderFigures(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, target, note }) => {
    const met = target === undefined ? '' : value <= target ? 'met' : `missed by ${round(value / target)} ×`;
    return `| ${name} | ${round(value)} ${unit} | ${target === undefined ? '' : `≤ ${target} ${unit}`} | ${met} | ${note ?? ''} |`;
  });
  return ['| what | measured | target | | |', '|---|---|---|---|---|', ...rows].join('\n');
}

function round(value: number): string {
  if (!Number.isFinite(value)) return 'not measured';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
