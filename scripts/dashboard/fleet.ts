/** How the fleet stands: what a person looks at first. */
import { BigValueGraphMode } from '@grafana/grafana-foundation-sdk/common';
import { StackingConfigBuilder, StackingMode } from '@grafana/grafana-foundation-sdk/common';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { lines, NONE_IS_GOOD, stat } from './panels.ts';
import { DATASOURCE, FLEET, now, over, rows } from './queries.ts';

const CONDITIONS = [
  [
    'Drifted',
    'Drifted',
    2,
    'Nodes on which a declared value differs now. What heals by itself is gone within seconds.',
  ],
  ['RebootRequired', 'Waiting for a reboot', 3, 'Nodes on which a change waits for a reboot.'],
  ['Conflicting', 'Conflicting', 3, 'Nodes on which another file or program overrides a declared value.'],
  ['Degraded', 'Degraded', 2, 'Nodes on which something failed and needs a person or a retry.'],
] as const;

const isTrue = (type: string) => `nodeprep_condition{${FLEET},type="${type}",status="True"}`;

/** The panels of the row. */
export function fleetPanels(): readonly Builder<Panel>[] {
  return [
    stat(
      {
        title: 'Nodes',
        description: 'Agents that are scraped.',
        span: 2,
        queries: [now(`count(nodeprep_build_info{${FLEET}})`)],
      },
      [[null, 'blue']],
    ),
    stat(
      {
        title: 'Ready',
        description: 'Share of the nodes on which everything required is in place, without an outstanding reboot.',
        span: 3,
        unit: 'percentunit',
        queries: [over(`avg(${isTrue('Ready')})`, 'ready')],
      },
      [
        [null, 'red'],
        [0.8, 'orange'],
        [1, 'green'],
      ],
    ).graphMode(BigValueGraphMode.Area),
    ...CONDITIONS.map(([type, title, span, description]) =>
      stat({ title, description, span, queries: [now(`sum(${isTrue(type)})`)] }, NONE_IS_GOOD),
    ),
    stat(
      {
        title: 'Spec refused',
        description: 'Nodes whose newest spec is refused; the last good one stays enforced.',
        span: 3,
        queries: [now(`sum(nodeprep_spec_refused{${FLEET}})`)],
      },
      NONE_IS_GOOD,
    ),
    stat(
      {
        title: 'Not scraped',
        description: 'Agents that Prometheus knows and cannot reach. Nothing is known of their nodes.',
        span: 3,
        queries: [now(`count(up{${FLEET}} == 0) or vector(0)`)],
      },
      NONE_IS_GOOD,
    ),
    stat(
      {
        title: 'No sign of life',
        description: 'Nodes whose Lease has expired: the agent or its host is gone. Needs kube-state-metrics.',
        span: 3,
        queries: [now('count(time() - kube_lease_renew_time{namespace="nodeprep-system"} > 600) or vector(0)')],
      },
      NONE_IS_GOOD,
    ),
    stat(
      {
        title: 'No API server',
        description: 'Agents that do not follow their NodePrep now; they enforce what they received last.',
        span: 3,
        queries: [now(`count(nodeprep_kube_connected{${FLEET}} == 0) or vector(0)`)],
      },
      NONE_IS_GOOD,
    ),
    lines({
      title: 'Nodes by condition',
      description:
        'How many nodes have each condition. Nodes that are ready are above, the others are what to look at.',
      span: 12,
      queries: [
        over(`sum(${isTrue('Ready')})`, 'Ready', 'A'),
        over(
          `sum by (type) (nodeprep_condition{${FLEET},type=~"Drifted|RebootRequired|Conflicting|Degraded",status="True"})`,
          '{{type}}',
          'B',
        ),
      ],
    }),
    lines({
      title: 'Areas by mode',
      description:
        'Enforce corrects drift, Audit only reports it, Paused looks away. A pause that was forgotten shows here.',
      span: 6,
      queries: [over(`sum by (area, mode) (nodeprep_area_mode{${FLEET}}) > 0`, '{{area}} {{mode}}')],
    }),
    lines({
      title: 'Versions',
      description: 'Agents by version: how far a rollout is.',
      span: 6,
      queries: [over(`count by (version) (nodeprep_build_info{${FLEET}})`, '{{version}}')],
    }).stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A')),
    new Table()
      .title('Alerts')
      .description('Pending and firing alerts of NodePrep, where its rules are loaded into this Prometheus.')
      .datasource(DATASOURCE)
      .span(24)
      .height(6)
      .noValue('No alert is pending or firing.')
      .withTarget(
        rows(`sum by (alertname, alertstate, severity, $by, area) (ALERTS{alertname=~"NodePrep.+",${FLEET}})`),
      )
      .withTransformation({
        id: 'organize',
        options: {
          excludeByName: { Time: true, Value: true },
          renameByName: { alertname: 'Alert', alertstate: 'State' },
        },
      }),
  ];
}
