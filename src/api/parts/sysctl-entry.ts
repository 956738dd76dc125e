/** One kernel parameter, as people write it and as the area reads it. */
import * as z from 'zod';
import { canonicalSysctl } from '../names/sysctl-names.ts';

/** How a live value is compared with the declared one. */
export const SysctlMatch = z.enum(['Exact', 'AtLeast', 'AtMost', 'Contains']);
export type SysctlMatch = z.infer<typeof SysctlMatch>;

/** What happens when a value changes after it was applied. */
export const DriftPolicy = z.enum(['Correct', 'Report', 'Ignore']);
export type DriftPolicy = z.infer<typeof DriftPolicy>;

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
    .union([z.string().max(1024), z.int32()])
    .meta({ examples: [1, '4096 131072 6291456'] })
    .describe(
      'Wanted value. Fields of a vector are separated by spaces. Quote what is not a plain whole number of at most 2147483647.',
    ),
  match: SysctlMatch.optional()
    .meta({ default: 'Exact' })
    .describe(
      'How the live value is compared. Exact: equal. AtLeast, AtMost: never lowers or raises what is already beyond. Contains: every listed member is present. Default Exact.',
    ),
  optional: z
    .boolean()
    .optional()
    .meta({ default: false })
    .describe('Whether the node is ready without it, too. Default false.'),
  drift: DriftPolicy.optional()
    .meta({ default: 'Correct' })
    .describe(
      'What happens when the value changes after it was applied: Correct it, Report it, or Ignore it. Default Correct.',
    ),
});
/** One kernel parameter as people write it. */
export type SysctlSource = z.infer<typeof SysctlSource>;

/** One declared kernel parameter; `name` is the canonical form of `canonicalSysctl`. */
export interface SysctlEntry {
  readonly name: string;
  readonly value: string;
  readonly match: SysctlMatch;
  readonly required: boolean;
  readonly drift: DriftPolicy;
}

/** An entry with defaults and its canonical name. Throws `InvalidNameError`. */
export function sysctlFrom(source: SysctlSource): SysctlEntry {
  return {
    name: canonicalSysctl(source.name),
    value: String(source.value).trim(),
    match: source.match ?? 'Exact',
    required: source.optional !== true,
    drift: source.drift ?? 'Correct',
  };
}
