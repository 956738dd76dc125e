/** Rules for single entries that a type cannot express. They look at the raw tree, so that one mistake does not hide others. */
import type { SpecDocument } from '../yaml/documents.ts';
import { InvalidNameError, type Problem } from '../yaml/errors.ts';
import type { FieldPath } from '../yaml/field-path.ts';
import { quoteHint } from './issues.ts';
import { type Located, partAt } from '../yaml/located.ts';
import { canonicalModule, parameterNameProblem, parameterValueProblem } from '../names/module-names.ts';
import { didYouMean } from '../yaml/nearest.ts';
import { nodeNameProblem } from '../names/node-name.ts';
import { PRESET_NAMES, isPresetName } from './presets.ts';
import { QuantityError, parseQuantity } from '../names/quantity.ts';
import { quoted } from '../yaml/quote.ts';
import { canonicalSysctl, deniedSysctl } from '../names/sysctl-names.ts';

/** Most parameters of one module; no module has half as many. */
const MAX_PARAMETERS = 64;

/** Everything wrong with the entries of one document. */
export function entryProblems(document: SpecDocument): Problem[] {
  return [
    ...profileProblems(document),
    ...listAt(document, ['spec', 'modules']).flatMap((path) => moduleProblems(document, path)),
    ...listAt(document, ['spec', 'sysctls']).flatMap((path) => sysctlProblems(document, path)),
    ...reserveProblems(document),
    ...nameProblems(document),
  ];
}

function profileProblems(document: SpecDocument): Problem[] {
  const path = ['spec', 'profile'];
  const name = textAt(document, path);
  if (name === undefined || isPresetName(name)) return [];
  return [document.problem(path, unknownProfile(name))];
}

/** What to say of a profile that does not exist. */
export function unknownProfile(name: string): string {
  return `unknown profile ${quoted(name)}${didYouMean(name, PRESET_NAMES)}; built-in profiles are ${PRESET_NAMES.join(', ')}`;
}

function moduleProblems(document: SpecDocument, path: FieldPath): Problem[] {
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
    if (text !== undefined) problems.push(document.problem(here, text));
  }
  return problems;
}

function sysctlProblems(document: SpecDocument, path: FieldPath): Problem[] {
  const named = [...path, 'name'];
  const problems = nameProblem(document, named, canonicalSysctl);
  const name = textAt(document, named);
  if (name !== undefined && problems.length === 0) {
    const refusal = refusedName(name);
    if (refusal !== undefined) problems.push(document.problem(named, refusal));
  }
  const valued = [...path, 'value'];
  const value = partAt(document.root, valued);
  const wrong = value === undefined ? undefined : valueProblem(value, textAt(document, [...path, 'match']));
  if (wrong !== undefined) problems.push(document.problem(valued, wrong));
  return problems;
}

/** A possible name that must not, or cannot sensibly, be declared. */
function refusedName(name: string): string | undefined {
  const why = deniedSysctl(name);
  if (why !== undefined) return `${quoted(name)} is denied: ${why}; NodePrep never touches it`;
  const parts = canonicalSysctl(name).split(/[./]/);
  // Every interface has exactly one level of parameters, so more dots can only belong to its name.
  const perInterface = /^net\.ipv[46]\.(?:conf|neigh)\./.test(name) && parts.length > 5;
  if (!perInterface || name.includes('/')) return undefined;
  const meant = `net/${parts[1]}/${parts[2]}/${parts.slice(3, -1).join('.')}/${parts.at(-1)}`;
  return `${quoted(name)} has dots in the name of the interface; write it with slashes: ${quoted(meant)}`;
}

function valueProblem(value: Located, match: string | undefined): string | undefined {
  if (typeof value.value === 'number') return numberProblem(value);
  if (typeof value.value !== 'string') return undefined;
  const text = value.value;
  if (text.trim() === '') return 'the value is empty; leave the entry out to leave the parameter alone';
  if (/[\r\n\0]/.test(text))
    return `${quoted(text)} contains a line break or a NUL character; a parameter has one line`;
  if (/[^\P{C}\t]/u.test(text)) return `${quoted(text)} contains a control character; fields are separated by blanks`;
  const foreign = /[^\t\x20-\x7e]/u.exec(text)?.[0];
  if (foreign !== undefined)
    return `${quoted(text)} contains ${quoted(foreign)}; the kernel reads ASCII characters only`;
  if (match === 'AtLeast' || match === 'AtMost') {
    if (/^-?\d+(?:[ \t]+-?\d+)*$/.test(text.trim())) return undefined;
    return `${quoted(text)} cannot be compared with ${match}; expected whole numbers, separated by blanks`;
  }
  if (match === 'Contains' && !/[^\s,]/.test(text)) return `${quoted(text)} names no member that could be contained`;
  return undefined;
}

/** `0x10`, `010`, `1.0` and `1e3` are numbers to YAML, but the kernel would get other characters than were written. */
function numberProblem({ value, written }: Located): string | undefined {
  if (typeof value !== 'number' || written === undefined || written === String(value)) return undefined;
  return `the number ${quoted(written)} is not written as a plain whole number; ${quoteHint(value, written)}`;
}

function reserveProblems(document: SpecDocument): Problem[] {
  const path = ['spec', 'swap', 'reserve'];
  const value = partAt(document.root, path)?.value;
  if (typeof value !== 'string' && typeof value !== 'number') return [];
  try {
    parseQuantity(String(value));
    return [];
  } catch (error) {
    if (error instanceof QuantityError) return [document.problem(path, error.message)];
    throw error;
  }
}

function nameProblems(document: SpecDocument): Problem[] {
  const path = ['metadata', 'name'];
  const name = textAt(document, path);
  const problem = name === undefined ? undefined : nodeNameProblem(name);
  return problem === undefined ? [] : [document.problem(path, problem)];
}

function nameProblem(document: SpecDocument, path: FieldPath, canonical: (name: string) => string): Problem[] {
  const name = textAt(document, path);
  if (name === undefined) return [];
  try {
    canonical(name);
    return [];
  } catch (error) {
    if (error instanceof InvalidNameError) return [document.problem(path, error.message)];
    throw error;
  }
}

/** Paths of the entries of a list; none when it is missing or no list. */
export function listAt(document: SpecDocument, path: FieldPath): FieldPath[] {
  const list = partAt(document.root, path);
  return Array.isArray(list?.value) ? [...list.children.keys()].map((index) => [...path, index]) : [];
}

function textAt(document: SpecDocument, path: FieldPath): string | undefined {
  const value = partAt(document.root, path)?.value;
  return typeof value === 'string' ? value : undefined;
}
