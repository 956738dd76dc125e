/** What others change, and how fast it is put right. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  PanelBuilder as Heatmap,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { bars, lines, stat } from './panels.ts';
import { DATASOURCE, FLEET, now, over, quantile } from './queries.ts';

const DETECTED = `nodeprep_drift_detected_total{${FLEET}}`;
const REPAIR = 'nodeprep_drift_repair_seconds';

/** The panels of the row about drift. */
export function driftPanels(): readonly Builder<Panel>[] {
  return [
    bars({
      title: 'Drift by area',
      description: 'Changes by others that were noticed. A first application of a spec is no drift.',
      span: 12,
      queries: [over(`sum by (area) (increase(${DETECTED}[$__rate_interval]))`, '{{area}}')],
    }),
    bars({
      title: 'Drift by how it was noticed',
      description:
        'event and poll are seconds; what only the resync finds was wrong for minutes, and a retry finds it again.',
      span: 6,
      queries: [over(`sum by (source) (increase(${DETECTED}[$__rate_interval]))`, '{{source}}')],
    }),
    bars({
      title: 'Corrected',
      description: 'Changes by others that were undone. The rest is reported only, held off, or failed.',
      span: 6,
      queries: [
        over(`sum by (area) (increase(nodeprep_drift_corrected_total{${FLEET}}[$__rate_interval]))`, '{{area}}'),
      ],
    }),
    lines({
      title: 'Entries that are not in sync',
      description: 'Declared entries of all nodes by state, worst last.',
      span: 12,
      queries: [over(`sum by (state) (nodeprep_entries{${FLEET},state!="InSync"})`, '{{state}}')],
    }),
    lines({
      title: 'Fights',
      description:
        'Entries held off because another program keeps undoing the correction. The status of the node names the suspect.',
      span: 12,
      queries: [over(`sum by (area) (nodeprep_drift_contested{${FLEET}})`, '{{area}}')],
    }),
  ];
}

/** The panels of the row about the time to repair. */
export function repairPanels(): readonly Builder<Panel>[] {
  return [
    stat(
      {
        title: 'Repaired within a second',
        description: 'Share of the repairs in the chosen time range.',
        span: 4,
        unit: 'percentunit',
        queries: [
          // Prometheus 3 writes the bound as 1.0.
          now(
            `sum(increase(${REPAIR}_bucket{${FLEET},le=~"1(\\\\.0)?"}[$__range])) / sum(increase(${REPAIR}_count{${FLEET}}[$__range]))`,
          ),
        ],
      },
      [
        [null, 'red'],
        [0.5, 'orange'],
        [0.9, 'green'],
      ],
    ).height(8),
    lines({
      title: 'Time to repair',
      description: 'From the first sight of drift until it was corrected.',
      span: 10,
      unit: 's',
      queries: [
        over(quantile(0.5, REPAIR, FLEET), 'half', 'A'),
        over(quantile(0.9, REPAIR, FLEET), '9 in 10', 'B'),
        over(quantile(0.99, REPAIR, FLEET), '99 in 100', 'C'),
      ],
    }),
    new Heatmap()
      .title('Repairs by duration')
      .description('How many repairs took how long.')
      .datasource(DATASOURCE)
      .span(10)
      .height(8)
      .withTarget(
        over(`sum by (le) (increase(${REPAIR}_bucket{${FLEET}}[$__rate_interval]))`, '{{le}}').format(
          PromQueryFormat.Heatmap,
        ),
      )
      .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Oranges').steps(32)),
  ];
}
