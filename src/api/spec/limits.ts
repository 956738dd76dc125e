/**
 * What this host lets the API ask of it: `/etc/nodeprep/limits.yaml`, written by the owner of the
 * machine, read by the agent, never sent to the API server. An object beyond it is refused as a
 * whole: half of a spec is a host that no document describes.
 */
import * as z from 'zod';
import { parseDocuments, type SpecDocument } from '../yaml/documents.ts';
import { type Problem, SpecInvalidError, refusing } from '../yaml/errors.ts';
import { AREA_NAMES, type AreaName, forEachArea, PARTS, partOf } from '../parts/parts.ts';
import { describe, listed } from '../yaml/words.ts';
import { problemsFromIssue } from './issues.ts';
import { API_VERSION, Mode, type NodePrepSpec } from './nodeprep.ts';
import { quoted } from '../yaml/quote.ts';

/** Where the limits of a host are; absent means none. */
export const LIMITS_PATH = '/etc/nodeprep/limits.yaml';

type Schemas = { readonly [Name in AreaName]: z.ZodOptional<(typeof PARTS)[Name]['limits']['schema']> };

/** The limits of a host as people write them. */
export const NodePrepLimits = z.strictObject({
  apiVersion: z.literal(API_VERSION).describe('Group and version of the API.'),
  kind: z.literal('NodePrepLimits').describe('Kind of the document.'),
  modes: z.array(Mode).min(1).max(8).optional().describe('Modes that the spec and its areas may have. Absent: all.'),
  areas: z
    .array(z.enum(AREA_NAMES))
    .max(AREA_NAMES.length)
    .optional()
    .describe('Areas that may be declared. Absent: all.'),
  ...(forEachArea((name) => PARTS[name].limits.schema.optional()) as Schemas),
});
/** The limits of a host as people write them. */
export type NodePrepLimits = z.infer<typeof NodePrepLimits>;

/** Why the limits of a host refuse a spec. */
export interface LimitBreach {
  readonly problem: string;
  /** True when the limits could be read and the spec exceeds them; false when they could not be read, so nothing new is accepted. */
  readonly isCertain: boolean;
}

/** Reads a limits file. Throws `SpecInvalidError` with every mistake in it; the caller must then trust no object. */
export function parseLimits(file: string, contents: Uint8Array | string): NodePrepLimits {
  return refusing(file, () => limitsFrom(file, contents));
}

function limitsFrom(file: string, contents: Uint8Array | string): NodePrepLimits {
  const { documents, problems } = parseDocuments(file, contents);
  const [document, ...others] = documents;
  const more = others.map((other) => other.problem([], 'a second document; the limits of a host are one'));
  if (document === undefined || problems.length + more.length > 0) throw new SpecInvalidError([...problems, ...more]);
  const { value } = document.root;
  const parsed = NodePrepLimits.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SpecInvalidError(limitsProblems(document, value, parsed.error));
}

function limitsProblems(document: SpecDocument, value: unknown, error: z.ZodError): Problem[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return error.issues.flatMap((issue) => problemsFromIssue(document, issue, NodePrepLimits));
  return [document.problem([], `expected a NodePrepLimits document (apiVersion, kind), found ${describe(value)}`)];
}

/** By which name a host knows an entry, for areas where that can differ. */
export type RealNames = Readonly<Partial<Record<AreaName, (name: string) => string>>>;

/**
 * What an expanded spec asks beyond the limits, each as a problem with a field path; empty when it
 * may be enforced. `object` is what messages call the object, such as `nodepreps/worker-1`; `real` gives the
 * names that the host has for entries.
 */
export function limitProblems(
  spec: NodePrepSpec,
  limits: NodePrepLimits,
  object: string,
  real: RealNames = {},
): Problem[] {
  const problems: Problem[] = [];
  const refuse = (path: string, what: string, allowed: string) =>
    problems.push({
      file: object,
      line: 0,
      column: 0,
      path,
      message: `${what} is beyond ${LIMITS_PATH} of this host, which allows ${allowed}; ask its owner, or change the spec`,
    });

  const modes: [string, Mode | undefined][] = [
    ['spec.mode', spec.mode],
    ...AREA_NAMES.map((area): [string, Mode | undefined] => [`spec.areaModes.${area}`, spec.areaModes[area]]),
  ];
  for (const [path, mode] of modes) {
    if (mode === undefined || (limits.modes?.includes(mode) ?? true)) continue;
    refuse(path, quoted(mode), listed(limits.modes ?? []));
  }
  for (const area of AREA_NAMES) {
    if (spec[area] === undefined || (limits.areas?.includes(area) ?? true)) continue;
    refuse(`spec.${area}`, `the area ${area}`, limits.areas?.length === 0 ? 'no area' : listed(limits.areas ?? []));
  }
  for (const area of AREA_NAMES) {
    const [desired, own] = [spec[area], limits[area]];
    if (desired === undefined || own === undefined) continue;
    partOf(area).limits.check(
      desired,
      own,
      (path, what, allowed) => refuse(`spec.${area}${path}`, what, allowed),
      real[area] ?? ((name) => name),
    );
  }
  return problems;
}
