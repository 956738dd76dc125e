/** Which nodes to look at first; each entry leads to the row about one node. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { NONE_IS_GOOD, ranking, type Steps } from './panels.ts';
import { FLEET, now } from './queries.ts';

const SECONDS: Steps = [
  [null, 'green'],
  [1, 'orange'],
  [10, 'red'],
];
const PLAIN: Steps = [[null, 'blue']];
const mean = (histogram: string) =>
  `sum by ($by) (rate(${histogram}_sum{${FLEET}}[$__range])) / (sum by ($by) (rate(${histogram}_count{${FLEET}}[$__range])) > 0)`;
const LEGEND = '{{$by}}';

/** The panels of the row. */
export function nodesPanels(): readonly Builder<Panel>[] {
  return [
    ranking(
      {
        title: 'Worst: entries that are not in sync',
        description: 'Nodes with the most declared entries that differ, wait, conflict or failed.',
        span: 8,
        queries: [now(`topk(10, sum by ($by) (nodeprep_entries{${FLEET},state!="InSync"}) > 0)`, LEGEND)],
      },
      NONE_IS_GOOD,
    ),
    ranking(
      {
        title: 'Worst: drift',
        description: 'Nodes on which others changed the most in the chosen time range.',
        span: 8,
        queries: [
          now(`topk(10, sum by ($by) (increase(nodeprep_drift_detected_total{${FLEET}}[$__range])) > 0)`, LEGEND),
        ],
      },
      PLAIN,
    ),
    ranking(
      {
        title: 'Worst: failed changes',
        description: 'Nodes on which the most changes failed in the chosen time range.',
        span: 8,
        queries: [
          now(
            `topk(10, sum by ($by) (increase(nodeprep_apply_total{${FLEET},result="failure"}[$__range])) > 0)`,
            LEGEND,
          ),
        ],
      },
      NONE_IS_GOOD,
    ),
    ranking(
      {
        title: 'Slowest: repairs',
        description: 'Mean time from the first sight of drift to its correction, in the chosen time range.',
        span: 8,
        unit: 's',
        queries: [now(`topk(10, ${mean('nodeprep_drift_repair_seconds')})`, LEGEND)],
      },
      SECONDS,
    ),
    ranking(
      {
        title: 'Slowest: rounds',
        description:
          'Mean duration of a round over the areas. A slow one is a slow disk, a busy host or a hanging command.',
        span: 8,
        unit: 's',
        queries: [now(`topk(10, ${mean('nodeprep_round_duration_seconds')})`, LEGEND)],
      },
      SECONDS,
    ),
    ranking(
      {
        title: 'Longest without a good round',
        description:
          'Time since the last round without a failure. Every node is looked at once in five minutes or more often.',
        span: 8,
        unit: 's',
        queries: [
          now(`topk(10, time() - max by ($by) (nodeprep_last_success_timestamp_seconds{${FLEET}} > 0))`, LEGEND),
        ],
      },
      [
        [null, 'green'],
        [600, 'orange'],
        [1800, 'red'],
      ],
    ),
  ];
}
