/** The kernel parameters of a document. */
import * as z from 'zod';
import { namesOfSysctl } from '../names/equal-sysctls.ts';
import { canonicalSysctl, sysctlPath } from '../names/sysctl-names.ts';
import { rankOf, unlimitedNumber } from '../names/unlimited.ts';
import { meantSysctl } from '../names/usual-sysctls.ts';
import { listAt } from '../yaml/located.ts';
import { quoted } from '../yaml/quote.ts';
import { mergedByName } from './merging.ts';
import { matches, NameLimits, nameLimit } from './name-limits.ts';
import { part } from './part.ts';
import { type SysctlEntry, sysctlFrom, SysctlSource } from './sysctl-entry.ts';
import { pairProblems, pairRules, profileRules } from './sysctl-pairs.ts';
import { nameRules, ONE_SPELLING, sysctlProblems, VALUE_FIELDS } from './sysctl-rules.ts';

const schema = mergedByName(
  z
    .array(SysctlSource)
    .max(256)
    .describe('Kernel parameters and the values that they must have, live and after every reboot; merged by name.'),
  {
    what: 'kernel parameter',
    expand: sysctlFrom,
    meaningOf: (entry) => ({ ...entry, value: entry.value.replaceAll(/\s+/g, ' ') }),
  },
);

const Bound = z.strictObject({
  name: z.string().min(1).max(255).describe('Kernel parameter; "*" stands for any characters.'),
  min: z.int().optional().describe('Smallest value; of a vector, of each of its numbers.'),
  max: z.int().optional().describe('Largest value; of a vector, of each of its numbers.'),
});
type Bound = z.infer<typeof Bound>;

/** The share of the area `sysctls` in the document. */
export const sysctls = part({
  schema,
  title: 'the kernel parameters',
  things: ['parameter'],
  expand: (source) => source.map(sysctlFrom) as readonly SysctlEntry[],
  sourceOf: (entries) =>
    entries.map(({ required, ...entry }) => ({ ...entry, ...(required ? {} : { optional: true }) })),
  problems: (document, path) => listAt(document.root, path).flatMap((entry) => sysctlProblems(document, entry)),
  conflicts: (declared, preset) => pairProblems(declared(), preset),
  server: (presets) => ({
    fields: {
      ...VALUE_FIELDS,
      '': { 'x-kubernetes-validations': [ONE_SPELLING, ...pairRules()] },
      '[].name': { 'x-kubernetes-validations': nameRules() },
    },
    spec: profileRules(presets),
  }),
  limits: {
    schema: z
      .strictObject({
        ...NameLimits.shape,
        bounds: z.array(Bound).max(1024).optional().describe('Ranges that declared whole numbers must keep.'),
      })
      .describe('Kernel parameters that may be declared.'),
    check: (entries, limits, refuse) => {
      for (const { name, value } of entries) {
        const names = namesOfSysctl(name);
        const allowed = nameLimit(names, limits);
        if (allowed !== undefined) refuse(`[name=${name}]`, quoted(name), allowed);
        const unlimited = unlimitedNumber(sysctlPath(name).slice('/proc/sys/'.length));
        for (const bound of limits.bounds ?? []) {
          if (names.some((one) => matches(one, bound.name)) && !isWithin(value, bound, unlimited))
            refuse(`[name=${name}].value`, quoted(value), rangeText(bound));
        }
      }
    },
  },
  entries: {
    words: ['a kernel parameter (net.ipv4.ip_forward)'],
    example: 'net.ipv4.ip_forward',
    named: (text) => (/[./]/.test(text) ? canonicalSysctl(text) : undefined),
    meant: meantSysctl,
    entryFor: (text) => {
      const [, name = '', value = ''] = /^([^\s=:]*)\s*[=:]?\s*(.*)$/s.exec(text) ?? [];
      const full = /[./]/.test(name) ? name : (meantSysctl(name) ?? name);
      return `{name: ${full}, value: ${value === '' ? '…' : inFlow(value)}}`;
    },
    with: (entries, name): readonly SysctlEntry[] => [
      ...(entries ?? []),
      { name, value: '0', match: 'Exact', required: false, drift: 'Ignore' },
    ],
  },
  condition: { type: 'SysctlsReady', meaning: 'The kernel parameters are as declared.' },
  reasons: {
    WaitingForModule: 'The kernel parameter appears only with a kernel module that is not loaded.',
    SysctlRejected: 'The kernel refused the value, or changed only a part of it.',
    SysctlUnsupported: 'The running kernel has no such parameter.',
    SysctlDenied: 'The parameter is a trigger or an escape hatch that NodePrep never touches.',
    OverriddenBySysctlD: 'A file that is applied later at boot, of sysctl.d or of another program, sets another value.',
  },
  problemEvents: { SysctlRejected: 'SysctlRejected' },
  live: {},
});

/** A value inside of `{…}`, where commas and brackets need quotes. */
function inFlow(value: string): string {
  return /^[\w./+-][\w./+ -]*$/.test(value) ? value : `'${value}'`;
}

/** What is no list of whole numbers cannot be compared, and is refused. */
function isWithin(value: string, { min, max }: Bound, unlimited: bigint | undefined): boolean {
  return value.split(/\s+/).every((field) => {
    if (!/^-?\d+$/.test(field)) return false;
    const number = rankOf(unlimited, BigInt(field));
    return (min === undefined || number >= BigInt(min)) && (max === undefined || number <= BigInt(max));
  });
}

function rangeText({ min, max }: Bound): string {
  if (min === undefined) return max === undefined ? 'whole numbers' : `at most ${max}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}
