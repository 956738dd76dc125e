/**
 * The status as the API server stores it, with the descriptions that `kubectl explain` shows. Words
 * are open here (states, types and reasons are plain text), because the definition in a cluster may
 * be older than an agent, and a refused status would hide the node.
 */
import * as z from 'zod';
import { MAX_DIFFERING_ROWS, MAX_PENDING_CHANGES } from './status.ts';

const count = (what: string) => z.int().min(0).describe(what);
const word = z.string().max(316);
const text = z.string().max(4096);

/** metav1.Condition, to the letter. */
const Condition = z.strictObject({
  type: z
    .string()
    .max(316)
    .regex(
      /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/,
    )
    .describe('What the condition is about, such as Ready, Drifted or SysctlsReady.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  reason: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .describe('Why, as one word that programs can read.'),
  message: z.string().max(32_768).describe('Why, in words for people, with the names that matter.'),
  lastTransitionTime: z
    .string()
    .meta({ format: 'date-time' })
    .describe('When status last changed; not touched by other changes.'),
  observedGeneration: count('metadata.generation of the spec that the condition is about.').optional(),
});

const DifferingEntry = z.strictObject({
  name: text.describe('Name of the entry: a kernel parameter, a module, a swap device.'),
  expected: text.describe('What the spec declares.'),
  actual: text.describe('What the host shows; empty when there is nothing to show.'),
  reason: word.describe('Why it differs, as one word.'),
  message: text.describe('Why it differs and what to do, in words for people.'),
});

const AreaStatus = z.strictObject({
  name: word.min(1).describe('Name of the area, as in spec: modules, sysctls, swap.'),
  state: word.describe('The worst of its entries, or why it was not looked at: InSync, Pending, Drifted, Failed, …'),
  counts: z
    .strictObject({
      total: count('All declared entries.'),
      inSync: count('Entries that are as declared.'),
      pending: count('Entries that wait for a reboot, a module or an approval.'),
      drifted: count('Entries that differ and are not, or not yet, corrected.'),
      conflicting: count('Entries that another file or program overrides.'),
      blocked: count('Entries that cannot be changed safely now.'),
      failed: count('Entries whose change failed.'),
    })
    .describe('Entries by state.'),
  differing: z
    .array(DifferingEntry)
    .max(4 * MAX_DIFFERING_ROWS)
    .describe('Entries that are not as declared, worst first; counts tells how many there are in all.'),
});

const NodeFacts = z.strictObject({
  kernel: word.optional().describe('Release of the running kernel. For example 6.1.0-18-amd64.'),
  cgroup: word.optional().describe('Version of the cgroup hierarchy: v1 or v2.'),
  runtime: word.optional().describe('Container runtime. For example containerd.'),
  firewall: word.optional().describe('Who keeps the packet filter. For example nftables.'),
  machineID: word
    .optional()
    .describe('The /etc/machine-id of the host that wrote this, as in status.nodeInfo of the Node.'),
  bootID: word.optional().describe('Which boot of the host wrote this: machines that are copies differ in it.'),
});

const disruption = (...more: readonly string[]) => z.enum(['Restart', 'Drain', 'Reboot', ...more]);

const Pending = z
  .strictObject({
    disruption: disruption().describe('The worst of the changes: Restart, Drain or Reboot.'),
    plan: word.min(1).describe('Hash over targets and wanted values; spec.approvedPlan must equal it.'),
    changes: z
      .array(
        z.strictObject({
          area: word.min(1).describe('Name of the area.'),
          action: word.describe('What is done: create, update, delete, restart, …'),
          target: text.describe('What is changed.'),
          from: text.optional().describe('What the host shows now.'),
          to: text.optional().describe('What it will be.'),
          disruption: disruption('None').describe('What this change disturbs.'),
        }),
      )
      .max(MAX_PENDING_CHANGES)
      .describe('The first changes of the plan.'),
    more: count('Changes of the plan that are not listed, all of which an approval covers.').optional(),
  })
  .describe('Changes that disturb the node: held until approved, or made by the next reboot.');

/** The schema of `status`. */
export const NodePrepStatusSchema = z
  .strictObject({
    observedGeneration: count('metadata.generation of the newest spec that the agent has seen.').optional(),
    mode: word.optional().describe('Mode of the spec that is enforced: Enforce, Audit or Paused.'),
    entries: count('All declared entries.').optional(),
    inSyncEntries: count('Declared entries that are in sync.').optional(),
    inSync: word.optional().describe('Entries in sync of all declared ones. For example 41/42.'),
    node: NodeFacts.optional().describe('Facts about the host; what is not known is left out.'),
    pending: Pending.optional(),
    conditions: z
      .array(Condition)
      .max(64)
      .optional()
      .describe(
        'How the host stands: Ready, Progressing, Degraded, Drifted, Conflicting, RebootRequired, and one for each area that is managed.',
      ),
    areas: z.array(AreaStatus).max(64).optional().describe('How each area stands, with the entries that differ.'),
  })
  .describe('What the host is, written by the agent of this node only.');
