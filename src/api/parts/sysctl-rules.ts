/** What may be wrong with one kernel parameter, beyond its type, in a file and for the API server. */
import { isReadOnlySysctl, READ_ONLY_SYSCTLS } from '../names/read-only-sysctls.ts';
import { meantSysctl } from '../names/usual-sysctls.ts';
import { canonicalSysctl, DENIED_SYSCTLS, deniedSysctl } from '../names/sysctl-names.ts';
import {
  type Floor,
  FLOORS,
  floorNames,
  floorPattern,
  floorProblem,
  NUMBER_FAMILIES,
  NUMBERS,
  numberProblemOf,
  WORD_NAMES,
} from '../names/sysctl-values.ts';
import type { SpecDocument } from '../yaml/documents.ts';
import type { Problem } from '../yaml/errors.ts';
import type { FieldPath } from '../yaml/field-path.ts';
import { type Located, partAt, textAt } from '../yaml/located.ts';
import { quoted } from '../yaml/quote.ts';
import type { ServerRule } from './part.ts';
import { nameProblem, numberProblem } from './problems.ts';
import { textsIn } from './sysctl-pairs.ts';

/** Everything wrong with the entry at a path. */
export function sysctlProblems(document: SpecDocument, path: FieldPath): Problem[] {
  const named = [...path, 'name'];
  const problems = nameProblem(document, named, canonicalSysctl, meantSysctl);
  const name = textAt(document.root, named);
  if (name !== undefined && problems.length === 0) {
    const refusal = refusedName(name);
    if (refusal !== undefined) problems.push(document.problem(named, refusal));
  }
  const valued = [...path, 'value'];
  const value = partAt(document.root, valued);
  const match = textAt(document.root, [...path, 'match']);
  const wrong =
    value === undefined
      ? undefined
      : (valueProblem(value, match) ?? (problems.length > 0 ? undefined : meaninglessValue(name, value, match)));
  if (wrong !== undefined) problems.push(document.problem(valued, wrong));
  return problems;
}

/** A possible name that must not, or cannot sensibly, be declared. */
function refusedName(name: string): string | undefined {
  const why = deniedSysctl(name);
  if (why !== undefined) return `${quoted(name)} is denied: ${why}; NodePrep never touches it`;
  if (isReadOnlySysctl(name)) return `${quoted(name)} is read-only: the kernel shows it and takes no value for it`;
  const parts = canonicalSysctl(name).split(/[./]/);
  // Every interface has exactly one level of parameters, so more dots can only belong to its name.
  const perInterface = /^net\.ipv[46]\.(?:conf|neigh)\./.test(name) && parts.length > 5;
  if (!perInterface || name.includes('/')) return undefined;
  const meant = `net/${parts[1]}/${parts[2]}/${parts.slice(3, -1).join('.')}/${parts.at(-1)}`;
  return `${quoted(name)} has dots in the name of the interface; write it with slashes: ${quoted(meant)}`;
}

/** A value of a possible form that this parameter cannot have. */
function meaninglessValue(name: string | undefined, { value }: Located, match: string | undefined): string | undefined {
  if (name === undefined || (typeof value !== 'string' && typeof value !== 'number')) return undefined;
  let canonical: string;
  try {
    canonical = canonicalSysctl(name);
  } catch {
    return undefined;
  }
  const text = String(value);
  const number = match === 'Contains' ? undefined : numberProblemOf(canonical, text);
  return number ?? floorProblem(canonical, text, match ?? 'Exact');
}

function valueProblem(value: Located, match: string | undefined): string | undefined {
  if (typeof value.value === 'number') return numberProblem(value);
  if (typeof value.value !== 'string') return undefined;
  const text = value.value;
  if (text.trim() === '') return 'the value is empty; leave the entry out to leave the parameter alone';
  if (/[\r\n\0]/.test(text))
    return `${quoted(text)} contains a line break or a NUL character; a parameter has one line`;
  if (/[^\P{C}\t]/u.test(text)) return `${quoted(text)} contains a control character; fields are separated by spaces`;
  const foreign = /[^\t\x20-\x7e]/u.exec(text)?.[0];
  if (foreign !== undefined)
    return `${quoted(text)} contains ${quoted(foreign)}; the kernel reads ASCII characters only`;
  if (match === 'AtLeast' || match === 'AtMost') {
    if (/^-?\d+(?:[ \t]+-?\d+)*$/.test(text.trim())) return undefined;
    return `${quoted(text)} cannot be compared with ${match}; expected whole numbers, separated by spaces`;
  }
  if (match === 'Contains' && !/[^\s,]/.test(text)) return `${quoted(text)} names no member that could be contained`;
  return undefined;
}

// A character of a part of a name, and the same for the first character of a name.
const FIRST = 'A-Za-z0-9_:@+,~';
const PART = `${FIRST}-`;
const NAME = `^[${FIRST}][${PART}]*(([.][/${PART}]*[${PART}][/${PART}]*)+|(/[.${PART}]*[${PART}][.${PART}]*)+)$`;

/** Rules for a name, for the API server. */
export function nameRules(): readonly ServerRule[] {
  const names = Object.keys(DENIED_SYSCTLS);
  const denied = names.filter((name) => !name.endsWith('.*'));
  const families = names.filter((name) => name.endsWith('.*')).map((name) => name.slice(0, -2).replaceAll('.', '[.]'));
  return [
    {
      rule: `self.matches(${JSON.stringify(NAME)}) && !self.contains("/./")`,
      message:
        'must be one kernel parameter below /proc/sys, such as net.ipv4.ip_forward or net/ipv4/conf/eth0.100/forwarding: no path outside, no pattern, no empty part',
    },
    {
      rule: 'self.contains("/") || !self.matches("^net[.]ipv[46][.](conf|neigh)[.][^.]+[.][^.]+[.][^.]+")',
      message:
        'has dots in the name of the interface; write it with slashes, such as net/ipv4/conf/eth0.100/forwarding',
    },
    {
      rule: `!(self.replace("/", ".") in ${textsIn(denied)}) && !self.replace("/", ".").matches("^(${families.join('|')})([.]|$)")`,
      message:
        'is a trigger or an escape hatch that NodePrep never touches; docs/areas.md has the list and the reasons',
    },
    {
      rule: `!(self.replace("/", ".") in ${textsIn(READ_ONLY_SYSCTLS)})`,
      message: 'is read-only: the kernel shows it and takes no value for it',
    },
  ];
}

/**
 * A name has exactly one other spelling, with dots and slashes exchanged; it may not be there as well. One of the two
 * is not the usual one (slashes although no part has a dot, or slashes after a dot), and only from there is looked.
 */
export const ONE_SPELLING: ServerRule = {
  rule: 'self.all(x, !x.name.contains("/") || !x.name.matches("^[^./]+(/[^.]*$|[.])") || [x.name.replace("/", " ").replace(".", "/").replace(" ", ".")].all(other, !self.exists(y, y.name == other)))',
  message: 'a kernel parameter is declared twice, with dots and with slashes; keep one of them',
};

/** One rule for all parameters with the same floor. */
function floorRules() {
  const byValues = Map.groupBy(Object.entries(FLOORS), ([, floor]) => floorPattern(floor));
  return [...byValues].map(([pattern, floors]) => {
    const [{ digits, zero }] = floors.map(([, floor]) => floor) as [Floor];
    return {
      anyOf: [
        // Without a default in the definition, an absent match would pass for any.
        { required: ['match'], properties: { match: { enum: ['AtLeast', 'Contains'] } } },
        { properties: { name: { not: { pattern: floors.map(([name]) => floorNames(name)).join('|') } } } },
        { properties: { value: { minimum: 10 ** (digits - 1), pattern } } },
        ...(zero === true ? [{ properties: { value: { minimum: 0, maximum: 0, pattern } } }] : []),
      ],
    };
  });
}

/** What values may look like, for the API server. */
export const VALUE_FIELDS = {
  '[]': {
    // Not CEL: the value may be a number or a text, and the server reckons such a text as long as a whole request.
    anyOf: [
      { properties: { match: { enum: ['Exact'] } } },
      {
        properties: {
          match: { enum: ['AtLeast', 'AtMost'] },
          value: { pattern: '^[ \\t]*-?[0-9]+([ \\t]+-?[0-9]+)*[ \\t]*$' },
        },
      },
      { properties: { match: { enum: ['Contains'] }, value: { pattern: '[^ \\t,]' } } },
    ],
    allOf: [
      {
        anyOf: [
          { required: ['match'], properties: { match: { enum: ['Contains'] } } },
          { properties: { name: { not: { pattern: NUMBER_FAMILIES } } } },
          { properties: { name: { pattern: WORD_NAMES } } },
          { properties: { value: { pattern: NUMBERS } } },
        ],
      },
      ...floorRules(),
    ],
  },
  '[].value': { pattern: '^[\\t -~]*[!-~][\\t -~]*$' },
} as const;
