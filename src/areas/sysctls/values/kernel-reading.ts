/**
 * What the kernel makes of a text that is written to a parameter, as its parser does
 * (`proc_get_long`): numbers of base 0, one after the other, as many as the parameter holds; what
 * follows the last of them after a space is ignored. Pure.
 */
import { parseFields, parseNumbers } from './parse.ts';

/** The kernel copies no more characters of a number than this. */
const LONGEST_NUMBER = 21;

/**
 * The value in decimal numbers, `undefined` when the kernel refuses the text. `shape` is a value that
 * the parameter has, or is to have: where that is no list of numbers, every text is taken as it is.
 */
export function asKernelReads(text: string, shape: string | undefined): string | undefined {
  const held = parseNumbers(shape ?? '');
  if (held === undefined) return text;
  const fields = parseFields(text).slice(0, held.length);
  const numbers = fields.map(numberFrom);
  const bad = numbers.indexOf(undefined);
  if (bad === 0 || fields.length === 0) return undefined;
  // The kernel writes what precedes a bad number; what becomes of the rest is unknown.
  return bad > 0 ? text : numbers.join(' ');
}

function numberFrom(field: string): bigint | undefined {
  const match = /^(-?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.exec(field);
  if (match === null || field.length > LONGEST_NUMBER) return undefined;
  const digits = match[2] as string;
  const magnitude = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return match[1] === '-' ? -magnitude : magnitude;
}
