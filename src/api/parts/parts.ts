/** The list of areas, as far as the document goes. Everything in `api`, and all that imports it, derives its areas from it. */
import { bootParameters } from './boot-parameters.ts';
import { cgroup } from './cgroup.ts';
import { modules } from './modules.ts';
import type { AnyPart, LiveWords } from './part.ts';
import { swap } from './swap.ts';
import { sysctls } from './sysctls.ts';

/** What each area brings to the document, in the order of every pass. */
export const PARTS = { modules, sysctls, cgroup, swap, bootParameters } as const;
export type AreaName = keyof typeof PARTS;

/** Conditions that one area has. */
export type AreaConditionType = (typeof PARTS)[AreaName]['condition']['type'];

/** Reasons that only one area gives. */
export type AreaReason = OfAreas<{ readonly [Name in AreaName]: keyof (typeof PARTS)[Name]['reasons'] }>;

/** Reasons of Events that only one area gives. */
export type AreaEventReason =
  | OfAreas<{ readonly [Name in AreaName]: Values<(typeof PARTS)[Name]['problemEvents']> }>
  | Live['event'];

type OfAreas<T> = T[keyof T];
type Values<T> = T[keyof T];
type Live = OfAreas<{ readonly [Name in AreaName]: Values<(typeof PARTS)[Name]['live']> }>;

/** Names of the areas, in the order in which they are reconciled. */
export const AREA_NAMES = Object.keys(PARTS) as readonly AreaName[];

/** The part of an area without its own types, for loops over all of them. */
export function partOf(name: AreaName): AnyPart {
  // Source, desired state and limits of one part belong together, which TypeScript cannot see through a union of parts.
  return PARTS[name] as unknown as AnyPart;
}

/** The area's own words for a live change; `undefined` when the general ones do. */
export function liveWords(area: AreaName, action: string): Live | undefined {
  const words: Readonly<Record<string, LiveWords>> = PARTS[area].live;
  return Object.hasOwn(words, action) ? (words[action] as Live) : undefined;
}

/** Reason of the Event for a failed or blocked entry with this reason; `undefined` when there is none. */
export function problemEvent(area: AreaName, reason: string): AreaEventReason | undefined {
  const events: Readonly<Record<string, string>> = PARTS[area].problemEvents;
  return (events[reason] ?? events['*']) as AreaEventReason | undefined;
}

/** A record with a value for each area. */
export function forEachArea<T>(valueOf: (name: AreaName) => T): Readonly<Record<AreaName, T>> {
  return Object.fromEntries(AREA_NAMES.map((name) => [name, valueOf(name)])) as Record<AreaName, T>;
}
