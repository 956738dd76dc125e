/** Panels of one look, so that the files of the rows say only what is shown. */
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardLinkBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { DATASOURCE } from './queries.ts';

/** Address of the dashboard; links lead back to it. */
export const UID = 'nodeprep';

/** What a panel shows, where it is explained, and how large it is (of 24 columns). */
export interface Shown {
  readonly title: string;
  readonly description: string;
  readonly queries: readonly DataqueryBuilder[];
  readonly span: number;
  readonly unit?: string;
}

/** Colours from a value on; the first is for everything below. */
export type Steps = readonly (readonly [number | null, string])[];

/** Nothing of it is good. */
export const NONE_IS_GOOD: Steps = [
  [null, 'green'],
  [1, 'orange'],
];

function thresholds(steps: Steps): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.map(([value, color]) => ({ value, color })));
}

/** One number. */
export function stat(shown: Shown, steps: Steps): Stat {
  return new Stat()
    .title(shown.title)
    .description(shown.description)
    .datasource(DATASOURCE)
    .targets([...shown.queries])
    .span(shown.span)
    .height(4)
    .unit(shown.unit ?? 'short')
    .thresholds(thresholds(steps))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
}

/** Lines over time. */
export function lines(shown: Shown): TimeSeries {
  return new TimeSeries()
    .title(shown.title)
    .description(shown.description)
    .datasource(DATASOURCE)
    .targets([...shown.queries])
    .span(shown.span)
    .height(8)
    .unit(shown.unit ?? 'short')
    .min(0)
    .lineWidth(2)
    .fillOpacity(10)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
}

/** Events over time, one bar on the other. */
export function bars(shown: Shown): TimeSeries {
  return lines(shown)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(80)
    .lineWidth(1)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
}

/** The first of a ranking; each leads to the row about one node. */
export function ranking(shown: Shown, steps: Steps): BarGauge {
  return new BarGauge()
    .title(shown.title)
    .description(shown.description)
    .datasource(DATASOURCE)
    .targets([...shown.queries])
    .span(shown.span)
    .height(8)
    .unit(shown.unit ?? 'short')
    .min(0)
    .noValue('none')
    .thresholds(thresholds(steps))
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .dataLinks([new DashboardLinkBuilder('Show this node').url(nodeAddress('${__series.name}'))]);
}

/** The address of this dashboard for one node, with everything else as it is chosen now. */
export function nodeAddress(node: string): string {
  const kept = ['datasource', 'cluster', 'job', 'by'].map((name) => `\${${name}:queryparam}`).join('&');
  return `/d/${UID}?\${__url_time_range}&${kept}&var-node=${node}`;
}
