/**
 * What an area brings to the NodePrep document: one constant of this shape, in one file of this folder, and its
 * line in `parts.ts`. Everything else in `api` loops over the list and names no area.
 */
import type * as z from 'zod';
import type { Problem } from '../yaml/errors.ts';
import type { SpecDocument } from '../yaml/documents.ts';
import type { FieldPath } from '../yaml/field-path.ts';

/** A declared entry or field with its place. */
export interface Declaration {
  readonly document: SpecDocument;
  readonly path: FieldPath;
  readonly value: unknown;
  /** Equal for two declarations that mean the same. */
  readonly meaning: string;
}

/** The entries of a merged list by canonical name; the path leads from the area's part, empty for the part itself. */
export type DeclaredEntries = (...path: readonly string[]) => ReadonlyMap<string, Declaration>;

/** A rule of the API server in CEL. */
export interface ServerRule {
  readonly rule: string;
  readonly message: string;
}

/** What the definition in a cluster says beyond the schema, so that the API server refuses what a file may not say. */
export interface ServerRules {
  /** Keywords by path below the part: empty for the part itself, `[].name`, `.reserve`. */
  readonly fields: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Rules that look at the spec as a whole. */
  readonly spec?: readonly ServerRule[];
}

/** Refuses what the owner of a host does not allow; `path` continues that of the part: `[name=a].value`, `.behavior`. */
export type Refuse = (path: string, what: string, allowed: string) => void;

/** What the owner of a host can restrict in `limits.yaml`. */
export interface PartLimits<Desired, Limits> {
  readonly schema: z.ZodType<Limits>;
  /** Refuses everything that a declared part asks beyond the limits; `real` gives the name by which the host knows an entry. */
  readonly check: (desired: Desired, limits: Limits, refuse: Refuse, real: (name: string) => string) => void;
}

/** Which entries `explain` looks up in an area. */
export interface PartEntries<Desired> {
  /** How messages ask for one: `a kernel parameter (net.ipv4.ip_forward)`. */
  readonly words: readonly string[];
  /** One that everybody knows. */
  readonly example: string;
  /** The canonical name when the text has the form of an entry of this area. Throws `InvalidNameError` when it can be none after all. */
  readonly named: (text: string) => string | undefined;
  /** The name that a misspelt one most likely should be; `undefined` when it looks right. */
  readonly meant?: (name: string) => string | undefined;
  /** The entry that a plain text in its place stands for, in one line: `{name: vm.swappiness, value: 10}`. */
  readonly entryFor?: (text: string) => string;
  /** How `explain` is asked for a declared entry, where that is not its name alone. */
  readonly askedAs?: (name: string) => string;
  /** Whether what is asked for is declared, where it can have more than one entry. */
  readonly declares?: (desired: Desired, name: string) => boolean;
  /** The declared part with an entry added that is looked at only. */
  readonly with?: (desired: Desired | undefined, name: string) => Desired;
}

/** Words for what happens live: actions of changes such as `disable` that have a name of their own in this area. */
export interface LiveWords {
  /** Reason of the condition Drifted while such a change is outstanding. */
  readonly drift: string;
  /** Reason of the Event when it was made for a new spec. */
  readonly event: string;
  /** What the Event says was done: `disabled`. */
  readonly done: string;
}

/** Sentences by word. */
type Words = Readonly<Record<string, string>>;

/** What an area brings to the document. */
export interface SpecPart<
  Source,
  Desired,
  Limits = unknown,
  Type extends string = string,
  Reasons extends Words = Words,
  Problems extends Words = Words,
  Live extends Readonly<Record<string, LiveWords>> = Readonly<Record<string, LiveWords>>,
> {
  /** What people write, described. Lists are merged by name when `mergedByName` says so, otherwise they are one value. */
  readonly schema: z.ZodType<Source>;
  /** What the area is about, in the middle of a sentence: `the kernel modules`. */
  readonly title: string;
  /** What messages of the area put before a name in quotes, so that several become one list: `module` of `module "a"`. */
  readonly things?: readonly string[];
  /** What to write where a plain value stands instead of the part. */
  readonly instead?: string;
  /** Defaults and canonical names applied. Expects a valid source. */
  readonly expand: (source: Source) => Desired;
  /** The way back, for printing. */
  readonly sourceOf: (desired: Desired) => Source;
  /** What a schema cannot say about the part of one document. Looks at the raw tree, so that one mistake does not hide others. */
  readonly problems: (document: SpecDocument, path: FieldPath) => Problem[];
  /** What a schema cannot say about all documents together, and together with the profile. */
  readonly conflicts?: (declared: DeclaredEntries, preset: Source | undefined) => Problem[];
  /** The twins of both for the API server. */
  readonly server: (presets: Readonly<Record<string, Source | undefined>>) => ServerRules;
  readonly limits: PartLimits<Desired, Limits>;
  readonly entries: PartEntries<Desired>;
  /** The condition of the area, and what it means when it is True. */
  readonly condition: { readonly type: Type; readonly meaning: string };
  /** Reasons that only this area gives, each with its meaning in one sentence. */
  readonly reasons: Reasons;
  /** Reasons of Events by the reason of a failed or blocked entry; `*` stands for every other one. */
  readonly problemEvents: Problems;
  readonly live: Live;
}

/** A part whose own types do not matter, for loops over all of them. */
export type AnyPart = SpecPart<unknown, unknown>;

/** Declares a part with all types inferred. */
export function part<
  Source,
  Desired,
  Limits,
  const Type extends `${string}Ready`,
  const Reasons extends Words,
  const Problems extends Words,
  const Live extends Readonly<Record<string, LiveWords>>,
>(one: SpecPart<Source, Desired, Limits, Type, Reasons, Problems, Live>) {
  return one;
}
