/** The series that a panel is about: variables of the dashboard stand in the selectors. */
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

/** All agents that the variables choose. */
export const FLEET = 'cluster=~"$cluster",job=~"$job"';
/** The agent of one node. */
export const NODE = `${FLEET},$by="$node"`;
/** The data source that the variable chooses. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** A query over the time range of the dashboard. */
export function over(expr: string, legend: string, refId = 'A'): DataqueryBuilder {
  return new DataqueryBuilder().refId(refId).datasource(DATASOURCE).expr(expr).legendFormat(legend).range();
}

/** A query for now. */
export function now(expr: string, legend = '', refId = 'A'): DataqueryBuilder {
  return new DataqueryBuilder().refId(refId).datasource(DATASOURCE).expr(expr).legendFormat(legend).instant();
}

/** A query for now whose labels become the columns of a table. */
export function rows(expr: string): DataqueryBuilder {
  return now(expr).format(PromQueryFormat.Table);
}

/** A quantile of a histogram, over all series that the selector has. */
export function quantile(part: number, histogram: string, selector: string, range = '$__rate_interval'): string {
  return `histogram_quantile(${part}, sum by (le) (rate(${histogram}_bucket{${selector}}[${range}])))`;
}
