/**
 * The NodePrep document, v1alpha1: one zod schema from which types, validation of files, the
 * reference and (later) the CRD come. What a person writes comes in; `expand.ts` turns it into the
 * `NodePrepSpec` that areas read, with presets, defaults and canonical names applied.
 */
import * as z from 'zod';

/** API group and version of every document. */
export const API_VERSION = 'nodeprep.dev/v1alpha1';

/** Names of the areas, in the order in which they are reconciled. */
export const AREA_NAMES = ['modules', 'sysctls', 'swap'] as const;
export type AreaName = (typeof AREA_NAMES)[number];

/** Whether drift is corrected, only reported, or nothing is touched. */
export const Mode = z.enum(['Enforce', 'Audit', 'Paused']);
export type Mode = z.infer<typeof Mode>;

/** What happens to a live value whose entry is removed. */
export const DeletionPolicy = z.enum(['Keep', 'Restore']);
export type DeletionPolicy = z.infer<typeof DeletionPolicy>;

/** How a live value is compared with the declared one. */
export const SysctlMatch = z.enum(['Exact', 'AtLeast', 'AtMost', 'Contains']);
export type SysctlMatch = z.infer<typeof SysctlMatch>;

/** What happens when a value changes after it was applied. */
export const DriftPolicy = z.enum(['Correct', 'Report', 'Ignore']);
export type DriftPolicy = z.infer<typeof DriftPolicy>;

/** How swap may be used on the node. */
export const SwapBehavior = z.enum(['Disabled', 'ZramHostOnly', 'LimitedSwap', 'Unmanaged']);
export type SwapBehavior = z.infer<typeof SwapBehavior>;

/** One kernel module as people write it. */
export const ModuleSource = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(55)
    .meta({ examples: ['br_netfilter', 'overlay'] })
    .describe('Kernel module name as lsmod or modprobe writes it; "-" and "_" are the same.'),
  parameters: z
    .record(z.string().max(128), z.union([z.string().max(1024), z.int()]))
    .optional()
    .meta({ examples: [{ hashsize: 262144 }] })
    .describe(
      'Module parameters, written to /etc/modprobe.d/nodeprep.conf. Names of letters, digits and "_"; values are ASCII without quotes and backslashes. At most 64.',
    ),
  required: z
    .boolean()
    .optional()
    .meta({ default: true })
    .describe('Whether the node is not ready without it. Default true.'),
});

/** One kernel parameter as people write it. */
export const SysctlSource = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(255)
    .meta({ examples: ['net.ipv4.ip_forward', 'net/ipv4/conf/eth0.100/forwarding'] })
    .describe(
      'Kernel parameter below /proc/sys, with dots or slashes; with slashes where a part has dots of its own. Declared once, in whichever spelling.',
    ),
  value: z
    .union([z.string().max(4096), z.int()])
    .meta({ examples: [1, '4096 131072 6291456'] })
    .describe('Wanted value. Fields of a vector are separated by blanks. Quote what is not a plain whole number.'),
  match: SysctlMatch.optional()
    .meta({ default: 'Exact' })
    .describe(
      'How the live value is compared. Exact: equal. AtLeast, AtMost: never lowers or raises what is already beyond. Contains: every listed member is present. Default Exact.',
    ),
  required: z
    .boolean()
    .optional()
    .meta({ default: true })
    .describe('Whether the node is not ready without it. Default true.'),
  drift: DriftPolicy.optional()
    .meta({ default: 'Correct' })
    .describe(
      'What happens when the value changes after it was applied: Correct it, Report it, or Ignore it. Default Correct.',
    ),
});

/** The swap area as people write it. */
export const SwapSource = z.strictObject({
  behavior: SwapBehavior.describe(
    'Disabled: no swap now or after a boot. ZramHostOnly: compressed memory only. LimitedSwap: swap stays and must fit the kubelet configuration. Unmanaged: left alone.',
  ),
  // YAML reads plain bytes and 1e9 as numbers, and Kubernetes takes a quantity either way.
  reserve: z
    .union([z.string().max(32), z.int()])
    .optional()
    .meta({ default: '128Mi', examples: ['128Mi', '1Gi', '500M', 134217728] })
    .describe('Memory that must stay available while swap is emptied, as a Kubernetes quantity. Default 128Mi.'),
});

/** The spec as people write it, before presets and defaults. */
export const NodePrepSpecSource = z.strictObject({
  profile: z
    .string()
    .max(63)
    .optional()
    .meta({ examples: ['kubeadm-worker'] })
    .describe(
      'Built-in preset that these entries are added to; an own entry of the same name replaces that of the preset.',
    ),
  mode: Mode.optional()
    .meta({ default: 'Enforce' })
    .describe('Enforce corrects drift, Audit only reports it, Paused touches nothing. Default Enforce.'),
  areaModes: z
    .strictObject({
      modules: Mode.optional().describe('Mode of the kernel modules.'),
      sysctls: Mode.optional().describe('Mode of the kernel parameters.'),
      swap: Mode.optional().describe('Mode of swap.'),
    })
    .optional()
    .describe('Mode of single areas, overriding mode.'),
  deletionPolicy: DeletionPolicy.optional()
    .meta({ default: 'Keep' })
    .describe(
      'What happens to the live value when an entry is removed: Keep it or Restore the original. Default Keep.',
    ),
  bootstrap: z
    .strictObject({
      onFailure: z
        .enum(['Block', 'Degrade'])
        .optional()
        .meta({ default: 'Degrade' })
        .describe('Whether the kubelet waits for a host that is not ready. Default Degrade.'),
    })
    .optional()
    .describe('Behaviour before the kubelet starts.'),
  modules: z
    .array(ModuleSource)
    .max(128)
    .optional()
    .describe('Kernel modules that must be loaded or built in, now and after every boot; merged by name.'),
  sysctls: z
    .array(SysctlSource)
    .max(256)
    .optional()
    .describe('Kernel parameters and the values that they must have, live and after every boot; merged by name.'),
  swap: SwapSource.optional().describe(
    'Whether the host may swap; the kubelet does not start with swap unless it is configured for it.',
  ),
});
/** A spec as people write it. */
export type NodePrepSpecSource = z.infer<typeof NodePrepSpecSource>;

const texts = z.record(z.string(), z.string()).optional();
const keptByServer = z.unknown().optional().describe('Written by the API server; ignored in files.');

/** `metadata` with the fields that Kubernetes knows; of an object without a namespace the server drops that field. */
const ObjectMeta = z.strictObject({
  name: z.string().max(253).optional().describe('Name of the Node; default the host name.'),
  labels: texts.describe('Labels of the object.'),
  annotations: texts.describe('Annotations of the object.'),
  ...Object.fromEntries(
    [
      'creationTimestamp',
      'deletionGracePeriodSeconds',
      'deletionTimestamp',
      'finalizers',
      'generateName',
      'generation',
      'managedFields',
      'namespace',
      'ownerReferences',
      'resourceVersion',
      'selfLink',
      'uid',
    ].map((field) => [field, keptByServer]),
  ),
});

/** The whole document as people write it. */
export const NodePrepDocument = z.strictObject({
  apiVersion: z.literal(API_VERSION).describe('Group and version of the API.'),
  kind: z.literal('NodePrep').describe('Kind of the object.'),
  metadata: ObjectMeta.optional().describe('Name and, in a cluster, labels and annotations of the object.'),
  spec: NodePrepSpecSource.describe('What this host must be.'),
  status: z.unknown().optional().describe('Ignored in files.'),
});
/** A whole document as people write it. */
export type NodePrepDocument = z.infer<typeof NodePrepDocument>;

/** One declared kernel module; `name` uses "_" only. */
export interface ModuleEntry {
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly required: boolean;
}

/** One declared kernel parameter; `name` is the canonical form of `canonicalSysctl`. */
export interface SysctlEntry {
  readonly name: string;
  readonly value: string;
  readonly match: SysctlMatch;
  readonly required: boolean;
  readonly drift: DriftPolicy;
}

/** How swap may be used, and how many bytes stay available while it is emptied. */
export interface SwapSpec {
  readonly behavior: SwapBehavior;
  readonly reserveBytes: number;
}

/** The expanded spec that areas read: presets applied, names canonical, defaults filled in. An absent area is not managed. */
export interface NodePrepSpec {
  readonly profile?: string;
  readonly mode: Mode;
  readonly areaModes: Partial<Readonly<Record<AreaName, Mode>>>;
  readonly deletionPolicy: DeletionPolicy;
  readonly bootstrap: { readonly onFailure: 'Block' | 'Degrade' };
  readonly modules?: readonly ModuleEntry[];
  readonly sysctls?: readonly SysctlEntry[];
  readonly swap?: SwapSpec;
}

/** The spec that owns nothing; with `Restore`, what `uninstall` converges to. */
export function emptySpec(deletionPolicy: DeletionPolicy): NodePrepSpec {
  return { mode: 'Enforce', areaModes: {}, deletionPolicy, bootstrap: { onFailure: 'Degrade' } };
}
