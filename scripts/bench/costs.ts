/** What the contenders cost for the same work, as the table of docs/benchmarks.md. */
import { SHELL } from './tools.ts';

/** One contender at one piece of work. */
export interface CostRow {
  /** What the host had to become, such as "100 sysctls". */
  readonly of: string;
  readonly work: string;
  readonly name: string;
  /** What it cost, or why that is not known; `timesShell` where each round was compared with the shell in the same round. */
  readonly cost:
    | { readonly wallMs: number; readonly cpuMs: number; readonly peakMb: number; readonly timesShell?: number }
    | string;
}

/** A Markdown table; every row is compared with the shell of the guides at the same work. */
export function renderCosts(rows: readonly CostRow[]): string {
  const shellMs = (row: CostRow) => {
    const shell = rows.find((one) => one.of === row.of && one.work === row.work && one.name === SHELL);
    return typeof shell?.cost === 'object' ? shell.cost.wallMs : Number.NaN;
  };
  return [
    '| of | work | by | time | CPU | memory | × shell |',
    '|---|---|---|---|---|---|---|',
    ...rows.map((row) => {
      const { of, work, name, cost } = row;
      if (typeof cost === 'string') return `| ${of} | ${work} | ${name} | ${cost} | | | |`;
      const ratio = (cost.timesShell ?? cost.wallMs / shellMs(row)).toFixed(1);
      return `| ${of} | ${work} | ${name} | ${cost.wallMs.toFixed(0)} ms | ${cost.cpuMs.toFixed(0)} ms | ${cost.peakMb.toFixed(0)} MB | ${ratio} |`;
    }),
  ].join('\n');
}
