/** Warnings about a spec, on standard error: the result of a command stays readable for programs. */
import { type Problem, renderProblem } from '../../api/yaml/errors.ts';
import type { Io } from '../io.ts';
import { printable } from './table.ts';

/** Prints what is valid and most likely not meant. */
export function warnAbout(warnings: readonly Problem[], io: Io): void {
  for (const warning of warnings) io.err(`Warning: ${printable(renderProblem(warning))}\n`);
}
