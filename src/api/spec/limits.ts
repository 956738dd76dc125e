/**
 * What this host lets the API ask of it: `/etc/nodeprep/limits.yaml`, written by whoever owns the
 * machine, read by the agent, never sent to the API server. An object beyond it is refused as a
 * whole, because half of a spec is a host that nobody described.
 */
import * as z from 'zod';
import { parseDocuments, type SpecDocument } from '../yaml/documents.ts';
import { type Problem, SpecInvalidError } from '../yaml/errors.ts';
import { describe, listed, problemsFromIssue } from './issues.ts';
import { API_VERSION, AREA_NAMES, Mode, type NodePrepSpec, SwapBehavior } from './nodeprep.ts';
import { quoted } from '../yaml/quote.ts';

/** Where the limits of a host are; absent means none. */
export const LIMITS_PATH = '/etc/nodeprep/limits.yaml';

const Patterns = z.array(z.string().min(1).max(255)).max(1024);
const NameLimits = z.strictObject({
  allow: Patterns.optional().describe('Only these may be declared; "*" stands for any characters. Absent: all.'),
  deny: Patterns.optional().describe('These may not be declared, also when allow has them.'),
});

/** The limits of a host as people write them. */
export const NodePrepLimits = z.strictObject({
  apiVersion: z.literal(API_VERSION).describe('Group and version of the API.'),
  kind: z.literal('NodePrepLimits').describe('Kind of the document.'),
  modes: z.array(Mode).min(1).max(8).optional().describe('Modes that the spec and its areas may have. Absent: all.'),
  areas: z.array(z.enum(AREA_NAMES)).max(8).optional().describe('Areas that may be declared. Absent: all.'),
  modules: NameLimits.optional().describe('Kernel modules that may be declared.'),
  sysctls: z
    .strictObject({
      ...NameLimits.shape,
      bounds: z
        .array(
          z.strictObject({
            name: z.string().min(1).max(255).describe('Kernel parameter; "*" stands for any characters.'),
            min: z.int().optional().describe('Smallest value; of a vector, of each of its numbers.'),
            max: z.int().optional().describe('Largest value; of a vector, of each of its numbers.'),
          }),
        )
        .max(1024)
        .optional()
        .describe('Ranges that declared whole numbers must keep.'),
    })
    .optional()
    .describe('Kernel parameters that may be declared.'),
  swap: z
    .strictObject({
      behaviors: z.array(SwapBehavior).min(1).max(8).describe('Values that spec.swap.behavior may have.'),
    })
    .optional()
    .describe('Swap policies that may be declared.'),
});
/** The limits of a host as people write them. */
export type NodePrepLimits = z.infer<typeof NodePrepLimits>;

/** Why the owner of a host does not let a cluster ask for a spec. */
export interface LimitBreach {
  readonly problem: string;
  /** The limits could be read, and the spec is beyond them; otherwise nobody knows, and nothing new may be accepted. */
  readonly isCertain: boolean;
}

/** Reads a limits file. Throws `SpecInvalidError` with every mistake in it; the caller must then trust no object. */
export function parseLimits(file: string, contents: Uint8Array | string): NodePrepLimits {
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

/**
 * What an expanded spec asks beyond the limits, each as a problem with a field path; empty when it
 * may be enforced. `object` is what messages call the object, such as `nodepreps/worker-1`.
 */
export function limitProblems(spec: NodePrepSpec, limits: NodePrepLimits, object: string): Problem[] {
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
  for (const area of ['modules', 'sysctls'] as const) {
    for (const { name } of spec[area] ?? []) {
      const said = nameLimit(name, limits[area]);
      if (said !== undefined) refuse(`spec.${area}[name=${name}]`, quoted(name), said);
    }
  }
  for (const { name, value } of spec.sysctls ?? []) {
    for (const bound of limits.sysctls?.bounds ?? []) {
      if (matches(name, bound.name) && !isWithin(value, bound))
        refuse(`spec.sysctls[name=${name}].value`, quoted(value), rangeText(bound));
    }
  }
  const behaviors = limits.swap?.behaviors;
  if (spec.swap !== undefined && behaviors !== undefined && !behaviors.includes(spec.swap.behavior))
    refuse('spec.swap.behavior', quoted(spec.swap.behavior), listed(behaviors));
  return problems;
}

function nameLimit(name: string, limits: z.infer<typeof NameLimits> | undefined): string | undefined {
  const denied = limits?.deny?.find((pattern) => matches(name, pattern));
  if (denied !== undefined) return `nothing that matches ${quoted(denied)}`;
  if (limits?.allow === undefined || limits.allow.some((pattern) => matches(name, pattern))) return undefined;
  return limits.allow.length === 0 ? 'none' : `only ${listed(limits.allow.map(quoted))}`;
}

/** Dots and slashes, "-" and "_" are one here: a limit must hold in whatever spelling the name comes. */
function matches(name: string, pattern: string): boolean {
  const [text = '', ...rest] = plain(pattern).split('*');
  const whole = plain(name);
  const last = rest.pop();
  if (last === undefined) return whole === text;
  if (!whole.startsWith(text)) return false;
  let at = text.length;
  for (const part of rest) {
    const found = whole.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return whole.length - last.length >= at && whole.endsWith(last);
}

function plain(name: string): string {
  return name.replaceAll('/', '.').replaceAll('-', '_');
}

/** What is no list of whole numbers cannot be compared, and is refused. */
function isWithin(value: string, { min, max }: { min?: number | undefined; max?: number | undefined }): boolean {
  return value.split(/\s+/).every((field) => {
    if (!/^-?\d+$/.test(field)) return false;
    const number = BigInt(field);
    return (min === undefined || number >= BigInt(min)) && (max === undefined || number <= BigInt(max));
  });
}

function rangeText({ min, max }: { min?: number | undefined; max?: number | undefined }): string {
  if (min === undefined) return max === undefined ? 'whole numbers' : `at most ${max}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}
