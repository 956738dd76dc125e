/** Texts of kernel parameters as values: fields, numbers and range lists (`1,3-5`). Pure. */
import { memoised } from '../../memoised.ts';

/** Inclusive ranges, sorted and merged. */
export type Ranges = readonly (readonly [number, number])[];

/** The kernel separates fields with tabs, people with spaces. */
export function parseFields(text: string): readonly string[] {
  return text.split(/[ \t\n\v\f\r]+/).filter((field) => field !== '');
}

/** One line, one space between fields. */
export const normalise = memoised((text: string): string => parseFields(text).join(' '));

/** Decimal (leading zeros allowed) or `0x` hexadecimal; `undefined` for anything else. */
export function parseNumber(field: string): bigint | undefined {
  // No kernel number has more digits; without a limit a megabyte of digits in a foreign file would stall the pass.
  const match = field.length > 40 ? undefined : /^(-?)(0[xX][0-9a-fA-F]+|[0-9]+)$/.exec(field);
  if (!match) return undefined;
  const magnitude = BigInt(match[2] as string);
  return match[1] === '-' ? -magnitude : magnitude;
}

/** All fields as numbers; `undefined` when there is none or one of them is not a number. */
export function parseNumbers(text: string): readonly bigint[] | undefined {
  const numbers = parseFields(text).map(parseNumber);
  if (numbers.length === 0 || numbers.includes(undefined)) return undefined;
  return numbers.filter((number) => number !== undefined);
}

/** An IPv6 address in its full form, as the kernel prints it in stable_secret; `undefined` for anything else. */
export function parseIpv6(field: string): string | undefined {
  const halves = field.length > 39 ? [] : field.toLowerCase().split('::');
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  const isComplete = halves.length === 1 ? missing === 0 : halves.length === 2 && missing > 0;
  if (!isComplete || ![...head, ...tail].every((group) => /^[0-9a-f]{1,4}$/.test(group))) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail];
  return groups.map((group) => group.padStart(4, '0')).join(':');
}

/** A range list such as `net.ipv4.ip_local_reserved_ports` holds; the empty text is the empty list. */
export function parseRanges(text: string): Ranges | undefined {
  const compact = normalise(text).replaceAll(/ ?, ?/g, ',');
  if (compact === '') return [];
  const ranges: [number, number][] = [];
  for (const part of compact.split(',')) {
    const match = /^(0|[1-9][0-9]{0,14})(?:-(0|[1-9][0-9]{0,14}))?$/.exec(part);
    if (match === null) return undefined;
    const from = Number(match[1]);
    const to = match[2] === undefined ? from : Number(match[2]);
    if (to < from) return undefined;
    ranges.push([from, to]);
  }
  return mergeRanges(ranges);
}

/** Sorts ranges and joins those that touch. */
export function mergeRanges(ranges: Ranges): Ranges {
  const merged: [number, number][] = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** Ranges as the kernel prints them. */
export function renderRanges(ranges: Ranges): string {
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}
