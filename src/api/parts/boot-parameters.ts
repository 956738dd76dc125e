/** The kernel parameters of the boot that a document declares. */
import * as z from 'zod';
import {
  BOOT_NAME,
  BOOT_VALUE,
  bootValueProblem,
  canonicalBootParameter,
  DENIED_BOOT_PARAMETERS,
  deniedBootParameter,
  isRepeatable,
  MAX_BOOT_NAME,
  plainBootName,
  REPEATABLE,
  weakeningProblem,
  WEAKER_VALUES,
} from '../names/boot-parameters.ts';
import type { SpecDocument } from '../yaml/documents.ts';
import type { Problem } from '../yaml/errors.ts';
import type { FieldPath } from '../yaml/field-path.ts';
import { listAt, textAt } from '../yaml/located.ts';
import { quoted } from '../yaml/quote.ts';
import { mergedByName } from './merging.ts';
import { NameLimits, nameLimit } from './name-limits.ts';
import { type Declaration, part } from './part.ts';
import { nameProblem } from './problems.ts';
import { textsIn } from './sysctl-pairs.ts';

const MAX_ENTRIES = 32;
/** Most bytes that all entries together add to a command line. */
const MAX_BYTES = 512;
const MAX_VALUE = 256;

const BootParameterSource = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(MAX_BOOT_NAME)
    .meta({ examples: ['cgroup_enable', 'systemd.unified_cgroup_hierarchy'] })
    .describe('Kernel parameter as it stands on the command line, before the "="; "-" and "_" are the same.'),
  value: z
    .string()
    .max(MAX_VALUE)
    .optional()
    .meta({ examples: ['memory', '512'] })
    .describe(
      'What stands behind the "="; absent for a parameter without one. ASCII without blanks, quotes and characters that a shell or a boot loader reads as syntax.',
    ),
  state: z
    .enum(['Present', 'Absent'])
    .optional()
    .meta({ default: 'Present' })
    .describe(
      'Present: every boot has it. Absent: no boot has it; without a value, with no value at all. Default Present.',
    ),
  optional: z
    .boolean()
    .optional()
    .meta({ default: false })
    .describe('Whether the node is ready without it, too. Default false.'),
});
type BootParameterSource = z.infer<typeof BootParameterSource>;

/** One declared kernel parameter of the boot. */
export interface BootParameterEntry {
  /** Tells entries apart: the name with "_" only, of a name that may stand several times with its value. */
  readonly name: string;
  /** Name as it is written on the line. */
  readonly parameter: string;
  /** Empty for a parameter without a value. */
  readonly value: string;
  readonly state: 'Present' | 'Absent';
  readonly required: boolean;
}

const schema = mergedByName(
  z
    .array(BootParameterSource)
    .max(MAX_ENTRIES)
    .describe(
      'Kernel parameters that every boot of the machine must have, or must not have; merged by name, and by value for names that may stand several times.',
    ),
  {
    what: 'kernel parameter of the boot',
    expand: entryFrom,
    meaningOf: ({ value, state, required }) => ({ value, state, required }),
  },
);

const plain = (entry: string) => `${entry}.name.replace("-", "_")`;

/** The share of the area `bootParameters` in the document. */
export const bootParameters = part({
  schema,
  title: 'the kernel parameters of the boot',
  things: ['boot parameter'],
  expand: (source) => source.map(entryFrom) as readonly BootParameterEntry[],
  sourceOf: (entries) => entries.map(sourceFrom),
  problems: (document, path) => listAt(document.root, path).flatMap((entry) => entryProblems(document, entry)),
  conflicts: (declared) => togetherProblems([...declared().values()]),
  server: () => ({
    fields: {
      '': {
        // A name that may stand several times is told apart by its value, which most entries lack. A key needs a default then,
        // and the API server of 1.20 takes an empty one for null. So the server replaces the list as a whole.
        'x-kubernetes-list-type': 'atomic',
        'x-kubernetes-list-map-keys': undefined,
        'x-kubernetes-validations': [
          {
            rule: `self.all(x, ${plain('x')} in ${textsIn(REPEATABLE)} && has(x.value) && x.value != "" ? self.exists_one(y, ${plain('y')} == ${plain('x')} && has(y.value) && y.value == x.value) : self.exists_one(y, ${plain('y')} == ${plain('x')}))`,
            message:
              'a kernel parameter of the boot is declared twice; "-" and "_" are the same, and no value stands for every value',
          },
          {
            rule: `self.map(x, size(x.name) + (!has(x.value) || x.value == "" ? 0 : size(x.value) + 1) + 1).sum() <= ${MAX_BYTES + 1}`,
            message: `all parameters together have more than ${MAX_BYTES} characters, too many for a command line`,
          },
        ],
      },
      '[]': {
        'x-kubernetes-validations': [
          {
            rule: `${plain('self')} != "console" || !has(self.state) || self.state == "Present"`,
            message: 'console cannot be removed: without its console a machine that does not boot cannot be repaired',
          },
          ...Object.entries(WEAKER_VALUES).map(([name, weaker]) => ({
            rule: `${plain('self')} != "${name}" || (has(self.value) && self.value != "" && self.value.matches(${JSON.stringify(weaker)}) == (has(self.state) && self.state == "Absent"))`,
            message: 'weakens a protection of the node; NodePrep never does that',
          })),
        ],
      },
      '[].name': {
        'x-kubernetes-validations': [
          {
            rule: `self.matches(${JSON.stringify(BOOT_NAME.source)})`,
            message: 'must be a kernel parameter without its value, such as cgroup_enable',
          },
          {
            rule: `!self.replace("-", "_").matches(${JSON.stringify(deniedPattern())})`,
            message: 'cuts the machine off or opens it; NodePrep never sets or removes it',
          },
        ],
      },
      '[].value': { pattern: BOOT_VALUE.source },
    },
  }),
  limits: {
    schema: NameLimits.describe('Kernel parameters of the boot that may be declared, as NAME or NAME=VALUE.'),
    check: (entries, limits, refuse) => {
      for (const { name, parameter, value } of entries) {
        const allowed = bootLimit(parameter, value, limits);
        if (allowed !== undefined) refuse(`[name=${name}]`, quoted(name), allowed);
      }
    },
  },
  entries: {
    words: ['a kernel parameter of the boot (boot.cgroup_enable)'],
    example: 'boot.cgroup_enable',
    named: (text) => {
      if (!text.startsWith('boot.')) return undefined;
      const [name = '', ...value] = text.slice('boot.'.length).split('=');
      return canonicalBootParameter(name, value.join('='));
    },
    entryFor: (text) => {
      const [, name = '', value = ''] = /^([^\s=:]*)\s*[=:]?\s*(.*)$/s.exec(text) ?? [];
      return value === '' ? `name: ${name}` : `{name: ${name}, value: '${value}'}`;
    },
    askedAs: (name) => `boot.${name}`,
    // Asked for without a value, a name that may stand several times is meant as a whole.
    declares: (entries, name) => entries.some((one) => one.name === name || plainBootName(one.parameter) === name),
    with: (entries, name): readonly BootParameterEntry[] => {
      const [parameter = '', ...value] = name.split('=');
      return [...(entries ?? []), { name, parameter, value: value.join('='), state: 'Present', required: false }];
    },
  },
  condition: { type: 'BootParametersReady', meaning: 'The kernel parameters of the boot are as declared.' },
  reasons: {
    BootParameters: 'The next boot has the declared kernel parameters, and the running one does not.',
    CgroupVersion: 'The next boot has another cgroup hierarchy than this one.',
    BootLoaderUnclear: 'Which boot loader starts the machine is not certain, so none is changed.',
    BootFilesystemUnmounted: 'The file system that the boot loader reads is not mounted, not writable, or full.',
    BootConfigRejected:
      'The configuration of the boot loader is not as expected, or would change in more than the declared parameters.',
    RebootIneffective: 'The machine was rebooted, and the parameter is still without effect.',
  },
  problemEvents: { '*': 'BootParameterFailed' },
  live: {},
});

/** An entry with defaults and its canonical name. Throws `InvalidNameError`. */
function entryFrom({ name, value = '', state = 'Present', optional }: BootParameterSource): BootParameterEntry {
  return {
    name: canonicalBootParameter(name, value),
    parameter: name,
    value,
    state,
    required: optional !== true,
  };
}

function sourceFrom({ parameter, value, state, required }: BootParameterEntry): BootParameterSource {
  return {
    name: parameter,
    ...(value === '' ? {} : { value }),
    ...(state === 'Present' ? {} : { state }),
    ...(required ? {} : { optional: true }),
  };
}

function entryProblems(document: SpecDocument, path: FieldPath): Problem[] {
  const named = [...path, 'name'];
  const name = textAt(document.root, named);
  const value = textAt(document.root, [...path, 'value']) ?? '';
  const problems = nameProblem(document, named, (one) => canonicalBootParameter(one, ''));
  if (name !== undefined && problems.length === 0) {
    const state = textAt(document.root, [...path, 'state']) === 'Absent' ? 'Absent' : 'Present';
    const denied = deniedBootParameter(name);
    const why =
      denied === undefined
        ? weakeningProblem(name, value, state)
        : `${quoted(name)} is denied: ${denied}; NodePrep never touches it`;
    if (why !== undefined) problems.push(document.problem(named, why));
  }
  const wrong = bootValueProblem(value);
  if (wrong !== undefined) problems.push(document.problem([...path, 'value'], wrong));
  return problems;
}

/** What is wrong with all entries together. */
function togetherProblems(declared: readonly Declaration[]): Problem[] {
  const entries = declared.map(({ document, path, value }) => ({
    document,
    path,
    entry: entryFrom(value as BootParameterSource),
  }));
  const problems: Problem[] = [];
  let bytes = -1;
  for (const [at, { document, path, entry }] of entries.entries()) {
    bytes += entry.parameter.length + (entry.value === '' ? 0 : entry.value.length + 1) + 1;
    const isTooMany = at === MAX_ENTRIES;
    if (isTooMany) problems.push(document.problem(path, `is entry ${at + 1}; at most ${MAX_ENTRIES} are possible`));
    if (bytes > MAX_BYTES) {
      const text = `all parameters together have more than ${MAX_BYTES} characters, too many for a command line`;
      return [...problems, document.problem(path, text)];
    }
    // No value stands for every value, so nothing of that name can stand beside it.
    if (!isRepeatable(entry.parameter) || entry.value === '') continue;
    const all = entries.find((one) => one.entry.name === plainBootName(entry.parameter));
    if (all === undefined) continue;
    const text = `${quoted(entry.name)} is declared beside ${quoted(all.entry.name)}, which stands for every value; keep one of them`;
    problems.push(document.problem(path, text));
  }
  return problems;
}

/** A limit on a name holds for all of its values. */
function bootLimit(parameter: string, value: string, limits: NameLimits): string | undefined {
  return nameLimit(value === '' ? [parameter] : [parameter, `${parameter}=${value}`], limits);
}

function deniedPattern(): string {
  const names = Object.keys(DENIED_BOOT_PARAMETERS).map((name) =>
    name.endsWith('*') ? `${escaped(name.slice(0, -1))}.*` : escaped(name),
  );
  return `^(${names.join('|')})$`;
}

function escaped(name: string): string {
  return name.replaceAll('.', '[.]');
}
