/** One node in detail. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  MappingType,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as Text, TextMode } from '@grafana/grafana-foundation-sdk/text';
import { bars, lines, NONE_IS_GOOD, stat } from './panels.ts';
import { DATASOURCE, NODE, now, over, quantile, rows } from './queries.ts';

const COMMANDS = `On a machine with kubectl: \`kubectl get nodeprep $node -o wide\`, \`kubectl describe nodeprep $node\`

On the node itself: \`nodeprep status\`, \`nodeprep plan\`, \`nodeprep explain <entry>\`, \`journalctl -u nodeprep\``;

/** Words and colours for the values 0, 1 and 2. */
function words(...texts: readonly (readonly [string, string])[]): readonly ValueMapping[] {
  const options = Object.fromEntries(texts.map(([text, color], index) => [String(index), { text, color, index }]));
  return [{ type: MappingType.ValueToText, options }];
}

const STATUSES = words(['False', 'blue'], ['True', 'purple'], ['Unknown', 'text']);
const READY = words(['Not ready', 'red'], ['Ready', 'green'], ['Not looked at', 'text']);
const CONNECTED = words(['Away', 'red'], ['Connected', 'green']);
const ROLES = words(['Manages', 'green'], ['Stands by', 'text']);

/** 0 is False, 1 is True, 2 is Unknown. */
const statusOf = (types: string) =>
  `sum by (type) (nodeprep_condition{${NODE},${types}status="True"}) + 2 * sum by (type) (nodeprep_condition{${NODE},${types}status="Unknown"})`;

/** The panels of the row. */
export function nodePanels(): readonly Builder<Panel>[] {
  return [...numbers(), ...courses()];
}

function numbers(): readonly Builder<Panel>[] {
  return [
    stat({ title: 'Ready', description: 'Condition Ready.', span: 3, queries: [now(statusOf('type="Ready",'))] }, [
      [null, 'text'],
    ]).mappings([...READY]),
    stat(
      {
        title: 'In sync',
        description: 'Share of the declared entries that are as declared.',
        span: 3,
        unit: 'percentunit',
        queries: [now(`sum(nodeprep_entries{${NODE},state="InSync"}) / sum(nodeprep_entries{${NODE}})`)],
      },
      [
        [null, 'orange'],
        [1, 'green'],
      ],
    ),
    stat(
      {
        title: 'Changes wait for a reboot',
        description: 'Reasons for which a reboot is outstanding.',
        span: 3,
        queries: [now(`sum(nodeprep_reboot_required{${NODE}})`)],
      },
      NONE_IS_GOOD,
    ),
    stat(
      {
        title: 'Last good round',
        description: 'Time since the last round over the areas without a failure.',
        span: 3,
        unit: 's',
        queries: [now(`time() - max(nodeprep_last_success_timestamp_seconds{${NODE}})`)],
      },
      [
        [null, 'green'],
        [600, 'orange'],
        [1800, 'red'],
      ],
    ),
    stat(
      {
        title: 'Generation behind',
        description: 'By how many generations of the spec the status lags.',
        span: 3,
        queries: [now(`max(nodeprep_spec_generation{${NODE}}) - max(nodeprep_observed_generation{${NODE}})`)],
      },
      NONE_IS_GOOD,
    ),
    stat(
      {
        title: 'Active swap',
        description: 'Size of all active swap.',
        span: 3,
        unit: 'bytes',
        queries: [now(`sum(nodeprep_swap_bytes{${NODE}})`)],
      },
      [[null, 'blue']],
    ),
    stat(
      {
        title: 'Agent started',
        description: 'Time since the start of the agent.',
        span: 3,
        unit: 's',
        queries: [now(`time() - max(process_start_time_seconds{${NODE}})`)],
      },
      [[null, 'blue']],
    ),
    stat(
      {
        title: 'Memory of the agent',
        description: 'Resident memory, the mapped pages of the executable included.',
        span: 3,
        unit: 'bytes',
        queries: [now(`sum(process_resident_memory_bytes{${NODE}})`)],
      },
      [[null, 'blue']],
    ),
    stat(
      {
        title: 'API server',
        description: 'Whether the NodePrep of this node is followed now. Without a cluster there is nothing to show.',
        span: 3,
        queries: [now(`max(nodeprep_kube_connected{${NODE}})`)],
      },
      [[null, 'text']],
    ).mappings([...CONNECTED]),
    stat(
      {
        title: 'API server heard',
        description: 'Time since the last sign of life of the API server.',
        span: 3,
        unit: 's',
        queries: [now(`time() - max(nodeprep_kube_last_contact_timestamp_seconds{${NODE}})`)],
      },
      [
        [null, 'green'],
        [180, 'orange'],
        [900, 'red'],
      ],
    ),
    stat(
      {
        title: 'Role',
        description: 'One process manages a host, others stand by.',
        span: 3,
        queries: [now(`min(nodeprep_standby{${NODE}})`)],
      },
      [[null, 'text']],
    ).mappings([...ROLES]),
    new Table()
      .title('Agent')
      .description('Which NodePrep and which Node.js runs here.')
      .datasource(DATASOURCE)
      .span(7)
      .height(4)
      .withTarget(rows(`max by ($by, version, nodejs) (nodeprep_build_info{${NODE}})`))
      .withTransformation({ id: 'organize', options: { excludeByName: { Time: true, Value: true } } }),
    new Text().title('Look closer').mode(TextMode.Markdown).content(COMMANDS).span(8).height(4),
  ];
}

function courses(): readonly Builder<Panel>[] {
  return [
    new StateTimeline()
      .title('Conditions')
      .description('Every condition over time.')
      .datasource(DATASOURCE)
      .span(24)
      .height(8)
      .mappings([...STATUSES])
      .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: 'text' }]))
      .mergeValues(true)
      .withTarget(over(statusOf(''), '{{type}}')),
    bars({
      title: 'Problems',
      description: 'Reasons that stand in the way of an area, with a word of its own for each cause.',
      span: 12,
      queries: [over(`max by (area, reason) (nodeprep_area_problem{${NODE}}) > 0`, '{{area}} {{reason}}')],
    }),
    new Table()
      .title('Control groups')
      .description('Hierarchy, container runtime, and the cgroup drivers of runtime and kubelet, which must be one.')
      .datasource(DATASOURCE)
      .span(12)
      .height(8)
      .withTarget(
        rows(
          `max by ($by, version, runtime, runtime_version, runtime_driver, kubelet_driver) (nodeprep_cgroup_info{${NODE}})`,
        ),
      )
      .withTransformation({ id: 'organize', options: { excludeByName: { Time: true, Value: true } } }),
    lines({
      title: 'Entries by state',
      description: 'Declared entries of each area in each state that occurs.',
      span: 8,
      queries: [over(`sum by (area, state) (nodeprep_entries{${NODE}}) > 0`, '{{area}} {{state}}')],
    }),
    bars({
      title: 'Drift',
      description: 'Changes by others that were noticed here, by area and by how.',
      span: 8,
      queries: [
        over(
          `sum by (area, source) (increase(nodeprep_drift_detected_total{${NODE}}[$__rate_interval]))`,
          '{{area}} {{source}}',
        ),
      ],
    }),
    lines({
      title: 'Time to repair',
      description: 'From the first sight of drift until it was corrected.',
      span: 8,
      unit: 's',
      queries: [
        over(quantile(0.5, 'nodeprep_drift_repair_seconds', NODE), 'half', 'A'),
        over(quantile(0.99, 'nodeprep_drift_repair_seconds', NODE), '99 in 100', 'B'),
      ],
    }),
    bars({
      title: 'Changes',
      description: 'Changes that were tried, by how they came out.',
      span: 6,
      queries: [
        over(
          `sum by (area, result) (increase(nodeprep_apply_total{${NODE}}[$__rate_interval]))`,
          '{{area}} {{result}}',
        ),
      ],
    }),
    bars({
      title: 'Rounds by outcome',
      description: 'Rounds over the areas. A failure has an area that could not be observed or changed.',
      span: 6,
      queries: [over(`sum by (result) (increase(nodeprep_rounds_total{${NODE}}[$__rate_interval]))`, '{{result}}')],
    }),
    lines({
      title: 'Duration of rounds',
      description: 'How long a round over the areas takes, and how long one takes in which an area is changed.',
      span: 6,
      unit: 's',
      queries: [
        over(quantile(0.9, 'nodeprep_round_duration_seconds', NODE), 'round, 9 in 10', 'A'),
        over(
          `histogram_quantile(0.9, sum by (area, le) (rate(nodeprep_apply_duration_seconds_bucket{${NODE}}[$__rate_interval])))`,
          '{{area}} changed, 9 in 10',
          'B',
        ),
      ],
    }),
    lines({
      title: 'Processor time of the agent',
      description: 'As a share of one core.',
      span: 6,
      unit: 'percentunit',
      queries: [over(`sum(rate(process_cpu_seconds_total{${NODE}}[$__rate_interval]))`, 'agent')],
    }),
    lines({
      title: 'Requests to the API server',
      description: 'In a minute, by verb and class of the answer. At rest there is no more than one.',
      span: 24,
      queries: [
        over(
          `60 * sum by (verb, code) (rate(nodeprep_kube_requests_total{${NODE}}[$__rate_interval])) > 0`,
          '{{verb}} {{code}}',
        ),
      ],
    }).height(6),
  ];
}
