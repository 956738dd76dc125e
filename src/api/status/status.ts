/** The NodePrep with its status, as `status -o json` prints it and `/run/nodeprep/status.json` holds it. */
import * as z from 'zod';
import type { Condition } from './conditions.ts';
import { API_VERSION, type AreaName, type Mode, type NodePrepSpecSource } from '../spec/nodeprep.ts';
import { quoted } from '../yaml/quote.ts';

/** Most rows of differing entries per area; the object is stored on every write. */
export const MAX_DIFFERING_ROWS = 100;
/** Longest message anywhere in a status. */
export const MAX_MESSAGE_CHARACTERS = 1024;

/** How an area stands as a whole: the worst of its entries, or why it was not looked at. */
export const AREA_STATES = [
  'InSync',
  'Pending',
  'Drifted',
  'Conflicting',
  'Blocked',
  'Failed',
  'NotManaged',
  'Paused',
  'Unknown',
] as const;
export type AreaState = (typeof AREA_STATES)[number];

/** One entry that is not as declared. */
export interface DifferingEntry {
  readonly name: string;
  readonly expected: string;
  /** Empty when there is nothing to show, such as a parameter that the kernel does not have. */
  readonly actual: string;
  readonly reason: string;
  readonly message: string;
}

/** Entries of an area by state; `total` is the sum of the others. */
export interface AreaCounts {
  readonly total: number;
  readonly inSync: number;
  readonly pending: number;
  readonly drifted: number;
  readonly conflicting: number;
  readonly blocked: number;
  readonly failed: number;
}

/** How one area stands. */
export interface AreaStatus {
  readonly name: AreaName;
  readonly state: AreaState;
  readonly counts: AreaCounts;
  /** Worst first, at most `MAX_DIFFERING_ROWS`; `counts` tells how many there are. */
  readonly differing: readonly DifferingEntry[];
}

/** Facts about the host that tables show; what is not known is left out. */
export interface NodeFacts {
  /** Release of the running kernel, such as `6.1.0-18-amd64`. */
  readonly kernel?: string;
  /** Version of the cgroup hierarchy: `v1` or `v2`. */
  readonly cgroup?: string;
  /** Container runtime, such as `containerd`. */
  readonly runtime?: string;
  /** Who keeps the packet filter, such as `nftables`. */
  readonly firewall?: string;
  /** What tells the machine from others, as in `status.nodeInfo` of the Node: of its disk. */
  readonly machineID?: string;
  /** The same of its boot: a copied disk has the machine ID of the first one. */
  readonly bootID?: string;
}

/** Most changes that `status.pending` lists. */
export const MAX_PENDING_CHANGES = 10;

/** The changes that disturb the node and wait. */
export interface PendingStatus {
  /** The worst of them. */
  readonly disruption: 'Restart' | 'Drain' | 'Reboot';
  /** What `spec.approvedPlan` or `nodeprep approve` must say to approve exactly these. */
  readonly plan: string;
  readonly changes: readonly {
    readonly area: string;
    readonly action: string;
    readonly target: string;
    readonly from?: string;
    readonly to?: string;
    readonly disruption: 'None' | 'Restart' | 'Drain' | 'Reboot';
  }[];
  /** How many more there are, which an approval covers as well. */
  readonly more?: number;
}

/** What this host is, next to what the spec says it must be. */
export interface NodePrepStatus {
  readonly observedGeneration: number;
  /** The mode of the spec that is enforced. */
  readonly mode: Mode;
  /** Entries in sync of all declared ones, such as `41/42`. */
  readonly inSync: string;
  /** All declared entries. */
  readonly entries: number;
  readonly inSyncEntries: number;
  readonly node?: NodeFacts;
  readonly pending?: PendingStatus;
  readonly conditions: readonly Condition[];
  readonly areas: readonly AreaStatus[];
}

/** The whole object with its status. */
export interface NodePrep {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'NodePrep';
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec: NodePrepSpecSource;
  readonly status: NodePrepStatus;
}

/** The first rows of a list that is already sorted worst first, with texts of bounded length. */
export function boundedRows(rows: readonly DifferingEntry[]): readonly DifferingEntry[] {
  return rows.slice(0, MAX_DIFFERING_ROWS).map((row) => ({
    ...row,
    expected: boundedMessage(row.expected),
    actual: boundedMessage(row.actual),
    message: boundedMessage(row.message),
  }));
}

/** A message cut to `MAX_MESSAGE_CHARACTERS`, never in the middle of a character. */
export function boundedMessage(message: string): string {
  if (message.length <= MAX_MESSAGE_CHARACTERS) return message;
  return `${message.slice(0, MAX_MESSAGE_CHARACTERS - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

const count = z.int().min(0);

/** Reads a status file of this version; fields and reasons that a later release added are no reason to refuse it. */
export const NodePrepStatusFile = z.looseObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('NodePrep'),
  metadata: z.looseObject({ name: z.string(), generation: count }),
  spec: z.looseObject({}),
  status: z.looseObject({
    observedGeneration: count,
    // Builds before these wrote the text only.
    mode: z.string().optional(),
    inSync: z.string(),
    entries: count.optional(),
    inSyncEntries: count.optional(),
    node: z
      .looseObject({
        kernel: z.string().optional(),
        cgroup: z.string().optional(),
        runtime: z.string().optional(),
        firewall: z.string().optional(),
        machineID: z.string().optional(),
        bootID: z.string().optional(),
      })
      .optional(),
    pending: z
      .looseObject({
        disruption: z.string(),
        plan: z.string(),
        changes: z.array(z.looseObject({ area: z.string(), action: z.string(), target: z.string() })),
      })
      .optional(),
    conditions: z.array(
      z.looseObject({
        type: z.string(),
        status: z.enum(['True', 'False', 'Unknown']),
        reason: z.string(),
        message: z.string(),
        lastTransitionTime: z.string(),
        observedGeneration: count,
      }),
    ),
    areas: z.array(
      z.looseObject({
        name: z.string(),
        state: z.string(),
        counts: z.looseObject({
          total: count,
          inSync: count,
          pending: count,
          drifted: count,
          conflicting: count,
          blocked: count,
          failed: count,
        }),
        differing: z.array(
          z.looseObject({
            name: z.string(),
            expected: z.string(),
            actual: z.string(),
            reason: z.string(),
            message: z.string(),
          }),
        ),
      }),
    ),
  }),
});

/** A status file that can be used, or why it cannot: the sentence continues "The status file …". */
export type StatusFileContent = { readonly nodePrep: NodePrep } | { readonly problem: string };

/** Reads the text of a status file with suspicion; never throws. */
export function parseStatusFile(text: string): StatusFileContent {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { problem: text.trim() === '' ? 'is empty' : 'is truncated or not JSON' };
  }
  const head = z.looseObject({ apiVersion: z.string(), kind: z.literal('NodePrep') }).safeParse(content);
  if (!head.success) return { problem: 'is not a NodePrep' };
  const { apiVersion } = head.data;
  if (apiVersion !== API_VERSION) {
    const [group] = API_VERSION.split('/');
    if (!apiVersion.startsWith(`${group}/`))
      return { problem: `is not of NodePrep: its apiVersion is ${quoted(apiVersion)}` };
    return {
      problem: `has apiVersion ${quoted(apiVersion)}, this NodePrep knows ${API_VERSION}: another version wrote it`,
    };
  }
  const parsed = NodePrepStatusFile.safeParse(content);
  if (!parsed.success)
    return {
      problem: `is not a complete NodePrep: ${parsed.error.issues[0]?.path.join('.') ?? ''} is not as expected`,
    };
  // Reasons and types that this release does not know are only shown, never acted upon.
  return { nodePrep: parsed.data as unknown as NodePrep };
}
