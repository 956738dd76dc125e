/** What a declared value means, parsed once for a spec and compared in every pass. Pure. */
import { unlimitedNumber } from '../../../api/names/unlimited.ts';
import { keyPathFrom } from './key-path.ts';
import { parseFields, parseNumber, parseNumbers, parseRanges, type Ranges } from './parse.ts';

/** A value in each of the forms that it can be read in; `undefined` where it has no such form. */
export interface Meaning {
  /** One line, one space between fields. */
  readonly text: string;
  /** What is written to the kernel. */
  readonly writable: string;
  readonly fields: readonly string[];
  readonly numbers: readonly bigint[] | undefined;
  readonly ranges: Ranges | undefined;
  /** The number that means "no limit" for this parameter. */
  readonly unlimited: bigint | undefined;
}

/** Parses a value of the named parameter. */
export function meaningOf(value: string, name?: string): Meaning {
  const fields = parseFields(value);
  return {
    text: fields.join(' '),
    writable: fields.map(decimal).join(' '),
    fields,
    numbers: parseNumbers(value),
    ranges: parseRanges(value),
    unlimited: name === undefined ? undefined : unlimitedNumber(keyPathFrom(name)),
  };
}

/** The kernel takes a number with a leading zero as octal, people mean a decimal one. */
function decimal(field: string): string {
  return /^-?0[0-9]+$/.test(field) ? String(parseNumber(field) ?? field) : field;
}
