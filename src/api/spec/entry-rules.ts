/** Rules that a type cannot express: those of the areas, and those of the document around them. */
import { AREA_NAMES, partOf } from '../parts/parts.ts';
import { nodeNameProblem } from '../names/node-name.ts';
import type { SpecDocument } from '../yaml/documents.ts';
import type { Problem } from '../yaml/errors.ts';
import { textAt } from '../yaml/located.ts';
import { didYouMean } from '../yaml/nearest.ts';
import { quoted } from '../yaml/quote.ts';
import { PRESET_NAMES, isPresetName } from './presets.ts';

/** Everything wrong with the entries of one document. */
export function entryProblems(document: SpecDocument): Problem[] {
  return [
    ...profileProblems(document),
    ...AREA_NAMES.flatMap((name) => partOf(name).problems(document, ['spec', name])),
    ...nameProblems(document),
  ];
}

function profileProblems(document: SpecDocument): Problem[] {
  const path = ['spec', 'profile'];
  const name = textAt(document.root, path);
  if (name === undefined || isPresetName(name)) return [];
  return [document.problem(path, unknownProfile(name))];
}

/** What to say of a profile that does not exist. */
export function unknownProfile(name: string): string {
  return `unknown profile ${quoted(name)}${didYouMean(name, PRESET_NAMES)}; built-in profiles are ${PRESET_NAMES.join(', ')}`;
}

function nameProblems(document: SpecDocument): Problem[] {
  const path = ['metadata', 'name'];
  const name = textAt(document.root, path);
  const problem = name === undefined ? undefined : nodeNameProblem(name);
  return problem === undefined ? [] : [document.problem(path, problem)];
}
