/**
 * What the schema of the API says beyond types: the rules that `src/api` checks in files, as CEL and
 * as patterns, so that the API server refuses what `nodeprep validate` refuses. test/apiserver/verdict.test.ts
 * holds both together. Each rule costs what the server reckons from maxItems and maxLength.
 */
import { EQUAL_PAIRS, ZEROING_PAIRS } from '../../src/api/names/linked-sysctls.ts';
import type { NodePrepSpecSource } from '../../src/api/spec/nodeprep.ts';
import { PRESET_NAMES, presets } from '../../src/api/spec/presets.ts';
import { DENIED_SYSCTLS } from '../../src/api/names/sysctl-names.ts';
import type { Extensions } from './structural.ts';

interface Rule {
  readonly rule: string;
  readonly message: string;
}

const rules = (...all: readonly Rule[]) => ({ 'x-kubernetes-validations': all });
const mapBy = (key: string) => ({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] });
const texts = (words: readonly string[]) => `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;

/** Both spellings of a parameter none of whose parts has a dot. */
const spellings = (name: string) => texts([name, name.replaceAll('.', '/')]);

// A character of a part of a sysctl name, and the same for the first character of a name.
const FIRST = 'A-Za-z0-9_:@+,~';
const PART = `${FIRST}-`;
const SYSCTL_NAME = `^[${FIRST}][${PART}]*(([.][/${PART}]*[${PART}][/${PART}]*)+|(/[.${PART}]*[${PART}][.${PART}]*)+)$`;

const denied = Object.keys(DENIED_SYSCTLS).filter((name) => !name.endsWith('.*'));
const families = Object.keys(DENIED_SYSCTLS)
  .filter((name) => name.endsWith('.*'))
  .map((name) => name.slice(0, -2).replaceAll('.', '[.]'));

const SYSCTL_NAME_RULES = rules(
  {
    rule: `self.matches(${JSON.stringify(SYSCTL_NAME)}) && !self.contains("/./")`,
    message:
      'must be one kernel parameter below /proc/sys, such as net.ipv4.ip_forward or net/ipv4/conf/eth0.100/forwarding: no path outside, no pattern, no empty part',
  },
  {
    rule: 'self.contains("/") || !self.matches("^net[.]ipv[46][.](conf|neigh)[.][^.]+[.][^.]+[.][^.]+")',
    message: 'has dots in the name of the interface; write it with slashes, such as net/ipv4/conf/eth0.100/forwarding',
  },
  {
    rule: `!(self.replace("/", ".") in ${texts(denied)}) && !self.replace("/", ".").matches("^(${families.join('|')})([.]|$)")`,
    message: 'is a trigger or an escape hatch that NodePrep never touches; docs/areas.md has the list and the reasons',
  },
);

/**
 * A name has exactly one other spelling, with dots and slashes exchanged; it may not be there as well. One of the two
 * is not the usual one (slashes although no part has a dot, or slashes after a dot), and only from there is looked.
 */
const ONE_SPELLING: Rule = {
  rule: 'self.all(x, !x.name.contains("/") || !x.name.matches("^[^./]+(/[^.]*$|[.])") || [x.name.replace("/", " ").replace(".", "/").replace(" ", ".")].all(other, !self.exists(y, y.name == other)))',
  message: 'a kernel parameter is declared twice, with dots and with slashes; keep one of them',
};

const ZEROING_RULES: readonly Rule[] = ZEROING_PAIRS.map(([a, b]) => ({
  rule: `!self.exists(x, x.name in ${spellings(a)}) || !self.exists(x, x.name in ${spellings(b)})`,
  message: `${a} and ${b} cannot both be set: the kernel sets one to zero when the other is written; keep one of them`,
}));

/** Values are compared with plain numbers only: for the server, text of unknown length is too expensive to take apart. */
const is = (entry: string, value: string) => `(${entry}.value == ${value} || ${entry}.value == "${value}")`;

const EQUAL_RULES: readonly Rule[] = EQUAL_PAIRS.map(([a, b]) => ({
  rule: ['0', '1']
    .flatMap((value) => [[a, b, value] as const, [b, a, value] as const])
    .map(
      ([one, other, value]) =>
        `!(self.exists(x, x.name in ${spellings(one)} && ${is('x', value)}) && self.exists(x, x.name in ${spellings(other)} && !${is('x', value)}))`,
    )
    .join(' && '),
  message: `${a} and ${b} are one switch that the kernel keeps equal; give them one value`,
}));

/** The same pairs when one half comes from the profile. */
const PROFILE_RULES: readonly Rule[] = EQUAL_PAIRS.flatMap((pair) =>
  [pair, pair.toReversed()].flatMap(([mine = '', other = '']) => {
    const values = new Map<string, string[]>();
    for (const [name, preset] of Object.entries<NodePrepSpecSource>(presets)) {
      const value = preset.sysctls?.find((entry) => entry.name === other)?.value;
      if (value !== undefined) values.set(String(value), [...(values.get(String(value)) ?? []), name]);
    }
    return [...values].map(([value, names]) => ({
      rule: `!has(self.profile) || !has(self.sysctls) || !(self.profile in ${texts(names)}) || self.sysctls.exists(x, x.name in ${spellings(other)}) || self.sysctls.all(x, !(x.name in ${spellings(mine)}) || ${is('x', value)})`,
      message: `${mine} must be ${value}, because the profile sets ${other} to ${value} and the kernel keeps both equal`,
    }));
  }),
);

/** Bytes that both JavaScript and the API server count exactly. */
const MAX = Number.MAX_SAFE_INTEGER;

/** Keywords by path, for `structuralFrom`. */
export const NODEPREP_EXTENSIONS: Extensions = {
  spec: rules(...PROFILE_RULES),
  'spec.profile': { enum: PRESET_NAMES },
  'spec.modules': {
    ...mapBy('name'),
    ...rules({
      rule: 'self.all(x, !x.name.contains("-") || self.exists_one(y, y.name.replace("-", "_") == x.name.replace("-", "_")))',
      message: 'a kernel module is declared twice, with "-" and with "_"; keep one of them',
    }),
  },
  'spec.modules[].name': rules({
    rule: 'self.matches("^[A-Za-z0-9_][A-Za-z0-9_-]*$")',
    message: 'must be a kernel module as lsmod names it, such as br_netfilter: no path, no file name, no option',
  }),
  'spec.modules[].parameters': {
    maxProperties: 64,
    ...rules({
      rule: 'self.all(name, name.matches("^[A-Za-z0-9_]{1,128}$"))',
      message: 'names of parameters have 1 to 128 letters, digits and "_"',
    }),
  },
  // modprobe.d(5) cannot carry quotes and backslashes.
  'spec.modules[].parameters.*': { pattern: '^[ !#-&(-\\[\\]-~]*[!#-&(-\\[\\]-~][ !#-&(-\\[\\]-~]*$' },
  'spec.sysctls': { ...mapBy('name'), ...rules(ONE_SPELLING, ...ZEROING_RULES, ...EQUAL_RULES) },
  'spec.sysctls[]': {
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
  },
  'spec.sysctls[].name': SYSCTL_NAME_RULES,
  'spec.sysctls[].value': { pattern: '^[\\t -~]*[!-~][\\t -~]*$' },
  'spec.swap.reserve': {
    minimum: 0,
    pattern: '^[+]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2}|[kMGTPE]|[KMGTPE]i)?$',
    ...rules({
      rule: `type(self) == int || (quantity(self).isInteger() ? quantity(self).asInteger() <= ${MAX} : quantity(self).asApproximateFloat() < ${MAX}.0 && sign(quantity(self).sub(int(quantity(self).asApproximateFloat() + 0.5))) == 0)`,
      message: `must be a whole number of bytes, at most ${MAX}, such as 128Mi, 1Gi or 500M`,
    }),
  },
  'status.conditions': mapBy('type'),
  'status.areas': mapBy('name'),
  'status.areas[].differing': { 'x-kubernetes-list-type': 'atomic' },
};
