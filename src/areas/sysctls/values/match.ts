/**
 * How a declared value and a live one compare, and what to write so that they do. Everything is
 * compared after normalisation, because the kernel prints tabs, decimal numbers and merged ranges
 * whatever was written.
 */
import type { SysctlMatch } from '../../../api/parts/sysctl-entry.ts';
import { rankOf } from '../../../api/names/unlimited.ts';
import { type Meaning, meaningOf } from './meaning.ts';
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
  /** What the value means, where that is known already. */
  readonly meaning?: Meaning;
}

/** Whether two texts mean the same to the kernel. */
export function isEqual(a: string, b: string): boolean {
  return a === b || isMeant(meaningOf(a), b);
}

function isMeant({ fields, ranges }: Pick<Meaning, 'fields' | 'ranges'>, text: string): boolean {
  const others = parseFields(text);
  if (fields.length === others.length && fields.every((field, at) => isEqualField(field, others[at] as string))) {
    return true;
  }
  const otherRanges = ranges === undefined ? undefined : parseRanges(text);
  return ranges !== undefined && otherRanges !== undefined && renderRanges(ranges) === renderRanges(otherRanges);
}

function isEqualField(a: string, b: string): boolean {
  if (a === b) return true;
  const [number, address] = [parseNumber(a), parseIpv6(a)];
  if (address !== undefined) return address === parseIpv6(b);
  return number !== undefined && number === parseNumber(b);
}

/** Whether `text` is as wanted. */
export function isSatisfied(wanted: Wanted, text: string): boolean {
  if (wanted.match === 'Exact') return wanted.value === text || isMeant(meant(wanted), text);
  const meaning = meant(wanted);
  if (wanted.match === 'Contains') return contains(text, meaning);
  const pairs = numberPairs(meaning, text);
  if (pairs === undefined) return false;
  return pairs.every(([want, have]) => !isBetter(wanted, want, have));
}

/** What to write over `base` (the value in force, if there is one) so that the result is as wanted and loses nothing. */
export function mergedValue(wanted: Wanted, base: string | undefined): string {
  const meaning = meant(wanted);
  if (base === undefined || wanted.match === 'Exact') return meaning.writable;
  if (wanted.match === 'Contains') return union(base, meaningOf(meaning.writable));
  const pairs = numberPairs(meaning, base);
  if (pairs === undefined) return meaning.writable;
  return pairs.map(([want, have]) => String(isBetter(wanted, have, want) ? have : want)).join(' ');
}

/** Whether `a` goes further than `b` in the wanted direction. */
function isBetter(wanted: Wanted, a: bigint, b: bigint): boolean {
  const { unlimited } = meant(wanted);
  const [left, right] = [rankOf(unlimited, a), rankOf(unlimited, b)];
  return wanted.match === 'AtLeast' ? left > right : left < right;
}

function meant({ meaning, value, name }: Wanted): Meaning {
  return meaning ?? meaningOf(value, name);
}

/** Why the kernel cannot hold the wanted value, judged by the form of the live one; `undefined` when it may. */
export function formProblem(wanted: Wanted, live: string): string | undefined {
  if (wanted.match === 'Contains') return undefined;
  const [want, have] = [meant(wanted).numbers, parseNumbers(live)];
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
  const { text } = meant(wanted);
  const words = { Exact: '', AtLeast: 'at least ', AtMost: 'at most ', Contains: 'contains ' } as const;
  return `${words[wanted.match]}${text}`;
}

function numberPairs({ numbers: wanted }: Meaning, have: string): readonly (readonly [bigint, bigint])[] | undefined {
  const held = parseNumbers(have);
  if (wanted === undefined || held === undefined || wanted.length !== held.length) return undefined;
  return wanted.map((number, at) => [number, held[at] as bigint]);
}

function contains(text: string, { ranges: want, fields }: Meaning): boolean {
  const have = parseRanges(text);
  if (have !== undefined && want !== undefined) {
    return want.every(([from, to]) => have.some((range) => range[0] <= from && to <= range[1]));
  }
  const words = parseFields(text);
  return fields.every((member) => words.some((word) => isEqualField(word, member)));
}

function union(base: string, { ranges: want, fields }: Meaning): string {
  const have = parseRanges(base);
  if (have !== undefined && want !== undefined) return renderRanges(mergeRanges([...have, ...want]));
  const words = parseFields(base);
  const missing = fields.filter((member) => !words.some((word) => isEqualField(word, member)));
  return [...words, ...missing].join(' ');
}
