/**
 * The Grafana dashboard, from code: panels that are alike are made alike, and every query is an
 * expression that the tests send to a real Prometheus. `npm run generate` writes the JSON.
 */
import {
  AnnotationQueryBuilder,
  CustomVariableBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { driftPanels, repairPanels } from './drift.ts';
import { fleetPanels } from './fleet.ts';
import { nodePanels } from './node.ts';
import { nodesPanels } from './nodes.ts';
import { UID } from './panels.ts';
import { DATASOURCE, NODE } from './queries.ts';

const ALL = { text: 'All', value: '$__all', selected: true };

/** The dashboard as Grafana imports it. */
export function renderDashboard(): string {
  const rows = [
    ['Fleet', fleetPanels()],
    ['Drift', driftPanels()],
    ['Time to repair', repairPanels()],
    ['Slowest and worst nodes', nodesPanels()],
    ['Node $node', nodePanels()],
  ] as const;
  const dashboard = new DashboardBuilder('NodePrep')
    .uid(UID)
    .description('How the hosts of a cluster stand, what changes them, and how fast it is put right.')
    .tags(['nodeprep', 'kubernetes', 'node'])
    .time({ from: 'now-6h', to: 'now' })
    .refresh('1m')
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .variables(variables())
    .link(
      new DashboardLinkBuilder('Nodes')
        .type(DashboardLinkType.Dashboards)
        .tags(['node-exporter-mixin', 'kubernetes-mixin'])
        .asDropdown(true)
        .keepTime(true)
        .includeVars(true),
    )
    .link(
      new DashboardLinkBuilder('Alerts')
        .type(DashboardLinkType.Link)
        .icon('bolt')
        .url('/alerting/list?search=NodePrep')
        .tooltip('Alert rules of NodePrep'),
    )
    .annotation(
      new AnnotationQueryBuilder()
        .name('Spec of $node changed')
        .datasource(DATASOURCE)
        .enable(true)
        .iconColor('blue')
        .expr(`changes(nodeprep_spec_generation{${NODE}}[$__interval]) > 0`)
        .step('1m')
        .titleFormat('Spec changed'),
    )
    .annotation(
      new AnnotationQueryBuilder()
        .name('Agent of $node started')
        .datasource(DATASOURCE)
        .enable(true)
        .iconColor('orange')
        .expr(`process_start_time_seconds{${NODE}} * 1000`)
        .step('1m')
        .useValueForTime(true)
        .titleFormat('Agent started'),
    );
  for (const [title, panels] of rows) {
    dashboard.withRow(new RowBuilder(title));
    for (const panel of panels) dashboard.withPanel(panel);
  }
  const built = dashboard.build();
  // Without numbers Grafana gives them when it loads the dashboard, and says that it was changed.
  const panels = (built.panels ?? []).map((panel, at) => ({ ...panel, id: at + 1 }));
  // The builders put links into a menu, where they are not seen.
  const links = (built.links ?? []).map((link) =>
    Object.fromEntries(Object.entries(link).filter(([name]) => name !== 'placement')),
  );
  return `${JSON.stringify({ ...built, links, panels }, null, 2)}\n`;
}

function variables() {
  const query = (name: string, label: string, text: string) =>
    new QueryVariableBuilder(name)
      .label(label)
      .datasource(DATASOURCE)
      .query({ query: text, refId: name })
      .definition(text)
      .refresh(VariableRefresh.OnTimeRangeChanged);
  return [
    new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    // A Prometheus of one cluster has no such label: then everything matches.
    query('cluster', 'Cluster', 'label_values(nodeprep_build_info, cluster)')
      .includeAll(true)
      .allValue('.*')
      .multi(true),
    query('job', 'Job', 'label_values(nodeprep_build_info{cluster=~"$cluster"}, job)')
      .includeAll(true)
      .multi(true)
      .current(ALL),
    new CustomVariableBuilder('by')
      .label('Nodes are named by')
      .description('The label that tells nodes apart: node where a PodMonitor sets it, instance elsewhere.')
      .values('node,instance')
      .current({ text: 'node', value: 'node', selected: true })
      .options([
        { text: 'node', value: 'node', selected: true },
        { text: 'instance', value: 'instance', selected: false },
      ]),
    query('node', 'Node', 'label_values(nodeprep_build_info{cluster=~"$cluster",job=~"$job"}, $by)'),
  ];
}
