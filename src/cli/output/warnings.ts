/** Warnings about a spec, on standard error: the result of a command stays readable for programs. */
import { type Problem, renderProblem } from '../../api/yaml/errors.ts';
import type { Ledger } from '../../reconcile/ledger/ledger.ts';
import type { Io } from '../io.ts';
import { onOneLine } from './table.ts';

/** Prints what is valid and most likely not meant. */
export function warnAbout(warnings: readonly Problem[], io: Io): void {
  for (const warning of warnings) warn(renderProblem(warning), io);
}

/** Prints that the record of originals cannot be used. */
export function warnAboutLedger({ warning }: Pick<Ledger, 'warning'>, io: Io): void {
  if (warning !== undefined) warn(`${warning}; it will be kept aside`, io);
}

/** Prints what a person must know besides the result. */
export function warn(text: string, io: Io): void {
  io.err(`Warning: ${onOneLine(text)}\n`);
}
