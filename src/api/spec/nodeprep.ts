/**
 * The NodePrep document, v1alpha1: one zod schema from which types, validation of files, merging, the
 * reference and the CRD come. What a person writes comes in; `expand.ts` turns it into the `NodePrepSpec`
 * that areas read, with presets, defaults and canonical names applied. What belongs to one area is not
 * here but in its file in `parts`.
 */
import * as z from 'zod';
import { type AreaName, forEachArea, PARTS } from '../parts/parts.ts';

export { AREA_NAMES, type AreaName } from '../parts/parts.ts';

/** API group and version of every document. */
export const API_VERSION = 'nodeprep.dev/v1alpha1';

/** Whether drift is corrected, only reported, or nothing is touched. */
export const Mode = z.enum(['Enforce', 'Audit', 'Paused']);
export type Mode = z.infer<typeof Mode>;

/** What happens to a live value whose entry is removed. */
export const DeletionPolicy = z.enum(['Keep', 'Restore']);
export type DeletionPolicy = z.infer<typeof DeletionPolicy>;

type Schemas = { readonly [Name in AreaName]: z.ZodOptional<(typeof PARTS)[Name]['schema']> };

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
  kubernetesVersion: z
    .string()
    .max(63)
    .regex(/^v?1\.[0-9]{1,3}(\.[0-9]{1,3}([-+][0-9A-Za-z.+-]*)?)?$/, 'a version of Kubernetes, such as "1.35"')
    .optional()
    .meta({ examples: ['1.35'] })
    .describe(
      'Version of Kubernetes that the node is for, in quotes: a profile asks for what that version needs, such as cgroup v2 from 1.35 on.',
    ),
  mode: Mode.optional()
    .meta({ default: 'Enforce' })
    .describe('Enforce corrects drift, Audit only reports it, Paused touches nothing. Default Enforce.'),
  areaModes: z
    .strictObject(forEachArea((name) => Mode.optional().describe(`Mode of ${PARTS[name].title}.`)))
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
  approvedPlan: z
    .string()
    .max(63)
    .optional()
    .meta({ examples: ['1f3a9c02ab'] })
    .describe(
      'Approves exactly the changes that status.pending shows: its plan. Used up once the changes are made; any other value approves nothing.',
    ),
  rebootSentinel: z
    .enum(['Never', 'WhenApproved'])
    .optional()
    .meta({ default: 'Never' })
    .describe(
      'WhenApproved: once a plan that needs a reboot is approved, /run/reboot-required asks kured for it. NodePrep never reboots a node itself. Default Never.',
    ),
  ...(forEachArea((name) => PARTS[name].schema.optional()) as Schemas),
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

/** The expanded spec that areas read: presets applied, names canonical, defaults filled in. An absent area is not managed. */
export interface NodePrepSpec extends DesiredParts {
  readonly profile?: string;
  readonly kubernetesVersion?: string;
  readonly mode: Mode;
  readonly areaModes: Partial<Readonly<Record<AreaName, Mode>>>;
  readonly deletionPolicy: DeletionPolicy;
  readonly bootstrap: { readonly onFailure: 'Block' | 'Degrade' };
  /** The plan that may disturb this node. */
  readonly approvedPlan?: string;
  readonly rebootSentinel?: 'Never' | 'WhenApproved';
}

type DesiredParts = { readonly [Name in AreaName]?: ReturnType<(typeof PARTS)[Name]['expand']> };

/** The spec that owns nothing; with `Restore`, what `uninstall` converges to. */
export function emptySpec(deletionPolicy: DeletionPolicy): NodePrepSpec {
  return { mode: 'Enforce', areaModes: {}, deletionPolicy, bootstrap: { onFailure: 'Degrade' } };
}
