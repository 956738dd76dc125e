/** The kernel modules of a document. */
import * as z from 'zod';
import { canonicalModule, parameterNameProblem, parameterValueProblem } from '../names/module-names.ts';
import { meantModule } from '../names/usual-modules.ts';
import { DENIED_PARAMETERS, deniedParameter, NO_PATH_IN_VALUE, PROGRAM_NAME } from '../names/module-parameters.ts';
import type { SpecDocument } from '../yaml/documents.ts';
import type { Problem } from '../yaml/errors.ts';
import type { FieldPath } from '../yaml/field-path.ts';
import { listAt, partAt } from '../yaml/located.ts';
import { quoted } from '../yaml/quote.ts';
import { scalarText } from '../yaml/words.ts';
import { mergedByName } from './merging.ts';
import { NameLimits, nameLimit } from './name-limits.ts';
import { part } from './part.ts';
import { nameProblem, numberProblem } from './problems.ts';

/** Most parameters of one module; a whole spec must fit into one object of etcd. */
const MAX_PARAMETERS = 16;

const ModuleSource = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(55)
    .meta({ examples: ['br_netfilter', 'overlay'] })
    .describe('Kernel module name as lsmod or modprobe writes it; "-" and "_" are the same.'),
  parameters: z
    .record(z.string().max(64), z.union([z.string().max(128), z.int32()]))
    .optional()
    .meta({ examples: [{ hashsize: 262144 }] })
    .describe(
      'Module parameters, written to /etc/modprobe.d/nodeprep.conf. Names of letters, digits and "_"; values are ASCII without quotes and backslashes; numbers beyond 2147483647 are quoted. At most 16.',
    ),
  optional: z
    .boolean()
    .optional()
    .meta({ default: false })
    .describe('Whether the node is ready without it, too. Default false.'),
});
type ModuleSource = z.infer<typeof ModuleSource>;

/** One declared kernel module; `name` uses "_" only. */
export interface ModuleEntry {
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly required: boolean;
}

const schema = mergedByName(
  z
    .array(ModuleSource)
    .max(128)
    .describe('Kernel modules that must be loaded or built in, now and after every reboot; merged by name.'),
  {
    what: 'kernel module',
    expand: entryFrom,
    meaningOf: (entry) => ({
      ...entry,
      parameters: Object.entries(entry.parameters).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    }),
  },
);

/** The share of the area `modules` in the document. */
export const modules = part({
  schema,
  title: 'the kernel modules',
  things: ['module'],
  expand: (source) => source.map(entryFrom) as readonly ModuleEntry[],
  sourceOf: (entries) => entries.map(sourceFrom),
  problems: (document, path) => listAt(document.root, path).flatMap((entry) => entryProblems(document, entry)),
  server: () => ({
    fields: {
      '': {
        'x-kubernetes-validations': [
          {
            rule: 'self.all(x, !x.name.contains("-") || self.exists_one(y, y.name.replace("-", "_") == x.name.replace("-", "_")))',
            message: 'a kernel module is declared twice, with "-" and with "_"; keep one of them',
          },
        ],
      },
      '[].name': {
        'x-kubernetes-validations': [
          {
            rule: 'self.matches("^[A-Za-z0-9_][A-Za-z0-9_-]*$")',
            message:
              'must be a kernel module as lsmod names it, such as br_netfilter: no path, no file name, no option',
          },
        ],
      },
      '[].parameters': {
        maxProperties: MAX_PARAMETERS,
        'x-kubernetes-validations': [
          {
            rule: 'self.all(name, name.matches("^[A-Za-z0-9_]{1,64}$"))',
            message: 'names of parameters have 1 to 64 letters, digits and "_"',
          },
          {
            rule: `self.all(name, !name.matches(${JSON.stringify(`^(${Object.keys(DENIED_PARAMETERS).join('|')})$|${PROGRAM_NAME}`)}))`,
            message:
              'sets a parameter that names a program, or a place of firmware, which the kernel would use as root; NodePrep never sets it',
          },
        ],
      },
      // modprobe.d(5) cannot carry quotes and backslashes; a path is a file or program that the kernel uses as root.
      '[].parameters.*': {
        pattern: '^ *[!#-&(-\\[\\]-~][ !#-&(-\\[\\]-~]*$',
        allOf: [{ pattern: NO_PATH_IN_VALUE }],
      },
    },
  }),
  limits: {
    schema: z
      .strictObject({
        ...NameLimits.shape,
        parameters: NameLimits.optional().describe('Module parameters that may be set, as MODULE.PARAMETER.'),
      })
      .describe('Kernel modules that may be declared.'),
    check: (entries, limits, refuse, real) => {
      for (const { name, parameters } of entries) {
        const names = [...new Set([name, real(name)])];
        const allowed = nameLimit(names, limits);
        if (allowed !== undefined) refuse(`[name=${name}]`, quoted(name), allowed);
        for (const parameter of Object.keys(parameters)) {
          const set = nameLimit(
            names.map((one) => `${one}.${parameter}`),
            limits.parameters ?? {},
          );
          if (set !== undefined) refuse(`[name=${name}].parameters.${parameter}`, quoted(`${name}.${parameter}`), set);
        }
      }
    },
  },
  entries: {
    words: ['a kernel module (br_netfilter)'],
    example: 'br_netfilter',
    named: (text) => (/[./]/.test(text) ? undefined : canonicalModule(text)),
    meant: (name) => meantModule(canonicalModule(name)),
    entryFor: (text) => {
      const [name = '', ...options] = text.split(/\s+/);
      const parameters = options.filter((one) => one.includes('=')).map((one) => one.replace('=', ': '));
      const set = parameters.length === 0 ? '' : `, parameters: {${parameters.join(', ')}}`;
      return `{name: ${name.replace(/=.*/, '').replace(/[.]ko([.]\w+)?$/, '')}${set}}`;
    },
    with: (entries, name) => [...(entries ?? []), { name, parameters: {}, required: false }],
  },
  condition: { type: 'ModulesReady', meaning: 'The kernel modules are as declared.' },
  reasons: {
    ModuleNotFound: 'No such module exists for the running kernel, and it is not built in.',
    ModuleBlocked: 'The module exists but may not be loaded: blacklisted, or refused by the kernel.',
    ModuleParameterDenied: 'The parameter names a program or file that the kernel would use as root.',
    ModuleParameters: 'A module is loaded with other parameters, which only change when it is loaded again.',
  },
  problemEvents: { '*': 'ModuleLoadFailed' },
  live: {},
});

/** An entry with defaults and its canonical name. Throws `InvalidNameError`. */
function entryFrom(source: ModuleSource): ModuleEntry {
  const parameters = Object.entries(source.parameters ?? {}).map(([name, value]) => [name, String(value).trim()]);
  return {
    name: canonicalModule(source.name),
    parameters: Object.fromEntries(parameters) as Record<string, string>,
    required: source.optional !== true,
  };
}

function sourceFrom(entry: ModuleEntry): ModuleSource {
  const hasParameters = Object.keys(entry.parameters).length > 0;
  return {
    name: entry.name,
    ...(hasParameters ? { parameters: { ...entry.parameters } } : {}),
    ...(entry.required ? {} : { optional: true }),
  };
}

function entryProblems(document: SpecDocument, path: FieldPath): Problem[] {
  const problems = nameProblem(document, [...path, 'name'], canonicalModule);
  const parameters = [...path, 'parameters'];
  const count = partAt(document.root, parameters)?.children.size ?? 0;
  if (count > MAX_PARAMETERS)
    problems.push(document.problem(parameters, `has ${count} parameters; at most ${MAX_PARAMETERS} are possible`));
  for (const [key, value] of partAt(document.root, parameters)?.children ?? []) {
    const here = [...parameters, key];
    const name = parameterNameProblem(String(key));
    if (name !== undefined) problems.push(document.problem(here, name, 'key'));
    const text = typeof value.value === 'string' ? parameterValueProblem(value.value) : numberProblem(value);
    const denied = text ?? deniedParameter(String(key), scalarText(value.value));
    if (denied !== undefined) problems.push(document.problem(here, denied));
  }
  return problems;
}
