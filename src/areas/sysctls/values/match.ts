/**
 * How a declared value and a live one compare, and what to write so that they do. Everything is
 * compared after normalisation, because the kernel prints tabs, decimal numbers and merged ranges
 * whatever was written.
 */
import type { SysctlMatch } from '../../../api/parts/sysctl-entry.ts';
import { rankOf, unlimitedNumber } from '../../../api/names/unlimited.ts';
import { keptByText } from '../../kept.ts';
import { keyPathFrom } from './key-path.ts';
import {
  mergeRanges,
  normalise,
  parseFields,
  parseIpv6,
  parseNumber,
  parseNumbers,
  parseRanges,
  renderRanges,
} from './parse.ts';

/** The part of a declared entry that decides about values. */
export interface Wanted {
  /** Some parameters have a number that means "no limit". */
  readonly name?: string;
  readonly value: string;
  readonly match: SysctlMatch;
}

/** Whether two texts mean the same to the kernel. */
export function isEqual(a: string, b: string): boolean {
  if (a === b) return true;
  const [left, right] = [parseFields(a), parseFields(b)];
  if (left.length === right.length && left.every((field, at) => isEqualField(field, right[at] as string))) return true;
  const [leftRanges, rightRanges] = [parseRanges(a), parseRanges(b)];
  return (
    leftRanges !== undefined && rightRanges !== undefined && renderRanges(leftRanges) === renderRanges(rightRanges)
  );
}

function isEqualField(a: string, b: string): boolean {
  if (a === b) return true;
  const [number, address] = [parseNumber(a), parseIpv6(a)];
  if (address !== undefined) return address === parseIpv6(b);
  return number !== undefined && number === parseNumber(b);
}

/** Whether `text` is as wanted. */
export function isSatisfied(wanted: Wanted, text: string): boolean {
  if (wanted.match === 'Exact') return isEqual(wanted.value, text);
  if (wanted.match === 'Contains') return contains(text, wanted.value);
  const pairs = numberPairs(wanted.value, text);
  if (pairs === undefined) return false;
  return pairs.every(([want, have]) => !isBetter(wanted, want, have));
}

/** What to write over `base` (the value in force, if there is one) so that the result is as wanted and loses nothing. */
export function mergedValue(wanted: Wanted, base: string | undefined): string {
  const value = writableValue(wanted.value);
  if (base === undefined || wanted.match === 'Exact') return value;
  if (wanted.match === 'Contains') return union(base, value);
  const pairs = numberPairs(value, base);
  if (pairs === undefined) return value;
  return pairs.map(([want, have]) => String(isBetter(wanted, have, want) ? have : want)).join(' ');
}

/** Whether `a` goes further than `b` in the wanted direction. */
function isBetter({ name, match }: Wanted, a: bigint, b: bigint): boolean {
  const unlimited = name === undefined ? undefined : unlimitedOf(name);
  const [left, right] = [rankOf(unlimited, a), rankOf(unlimited, b)];
  return match === 'AtLeast' ? left > right : left < right;
}

const unlimitedOf = keptByText((name: string) => unlimitedNumber(keyPathFrom(name)));

/** The text to write for a declared value. */
export const writableValue = keptByText((value: string): string =>
  // The kernel takes a number with a leading zero as octal, people mean a decimal one.
  parseFields(value)
    .map((field) => (/^-?0[0-9]+$/.test(field) ? String(parseNumber(field) ?? field) : field))
    .join(' '),
);

/** Why the kernel cannot hold the wanted value, judged by the form of the live one; `undefined` when it may. */
export function formProblem(wanted: Wanted, live: string): string | undefined {
  if (wanted.match === 'Contains') return undefined;
  const [want, have] = [parseNumbers(wanted.value), parseNumbers(live)];
  if (want !== undefined && have !== undefined && want.length !== have.length) {
    const consequence = want.length < have.length ? 'only the first of them would change' : 'the rest would be lost';
    return `the kernel holds ${have.length} numbers ("${normalise(live)}") and ${want.length} are given, so ${consequence}; give all ${have.length}`;
  }
  // A vector is written number by number: what comes before a word that is none would land.
  if (want === undefined && have !== undefined && have.length > 1) {
    return `the kernel holds ${have.length} numbers ("${normalise(live)}") and "${wanted.value}" has something else among them; give numbers only`;
  }
  if (wanted.match === 'Exact' || (want !== undefined && have !== undefined)) return undefined;
  return `${wanted.match} compares numbers, and ${want === undefined ? `"${wanted.value}"` : `the live value "${normalise(live)}"`} is none`;
}

/** A wanted value as reports show it. */
export function describeWanted(wanted: Wanted): string {
  const value = normalise(wanted.value);
  const words = { Exact: '', AtLeast: 'at least ', AtMost: 'at most ', Contains: 'contains ' } as const;
  return `${words[wanted.match]}${value}`;
}

function numberPairs(want: string, have: string): readonly (readonly [bigint, bigint])[] | undefined {
  const [wanted, held] = [parseNumbers(want), parseNumbers(have)];
  if (wanted === undefined || held === undefined || wanted.length !== held.length) return undefined;
  return wanted.map((number, at) => [number, held[at] as bigint]);
}

function contains(text: string, members: string): boolean {
  const [have, want] = [parseRanges(text), parseRanges(members)];
  if (have !== undefined && want !== undefined) {
    return want.every(([from, to]) => have.some((range) => range[0] <= from && to <= range[1]));
  }
  const words = parseFields(text);
  return parseFields(members).every((member) => words.some((word) => isEqualField(word, member)));
}

function union(base: string, members: string): string {
  const [have, want] = [parseRanges(base), parseRanges(members)];
  if (have !== undefined && want !== undefined) return renderRanges(mergeRanges([...have, ...want]));
  const words = parseFields(base);
  const missing = parseFields(members).filter((member) => !words.some((word) => isEqualField(word, member)));
  return [...words, ...missing].join(' ');
}
