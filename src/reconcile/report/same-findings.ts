/** Findings that say the same of several entries become one, with the list of entries. Pure. */

import { AREA_NAMES, partOf } from '../../api/parts/parts.ts';

/** What is needed of a finding. */
interface Said {
  readonly target: string;
  readonly message: string;
}

/** Findings that differ in nothing but their entry, and what they say together. */
export interface SameFindings<Finding extends Said> {
  readonly findings: readonly [Finding, ...Finding[]];
  /** The message; of several, with all entries where it named one, and without what is true of some only. */
  readonly message: string;
  /** Whether something was left out of the message; `explain` tells it of each. */
  readonly isShortened: boolean;
}

/** Where to read what a shortened message leaves out. */
export const EACH = 'More about each: "nodeprep explain ENTRY".';

/** Stands for the name of the entry in a sentence; no name has it. */
const NAME = '\0';
const START = new RegExp(`^${NAME}(?:: | is )`);
/** The name in quotes, with the word before it that has to become a plural. */
const QUOTED = new RegExp(`(\\b(?:${AREA_NAMES.flatMap((area) => partOf(area).things ?? []).join('|')}))? "${NAME}"`);

/**
 * Groups findings by their first sentence, in the order of the first of each. `apart` keeps findings apart that a reader
 * must tell apart, such as those of two areas. At most `listed` names are written out.
 */
export function sameFindings<Finding extends Said>(
  findings: readonly Finding[],
  apart: (finding: Finding) => string = () => '',
  listed = Number.POSITIVE_INFINITY,
): SameFindings<Finding>[] {
  const groups = Map.groupBy(findings, (finding) => `${apart(finding)}${NAME}${caseOf(finding)}`);
  return [...groups.values()].flatMap((group) => {
    const [first, ...others] = group;
    if (first === undefined) return [];
    const targets = [...new Set(group.map(({ target }) => target))];
    const told =
      targets.length === 1 ? { message: first.message, isShortened: false } : together(group, targets, listed);
    return [{ findings: [first, ...others], ...told }];
  });
}

/** `a, b and 3 more`, or all of them. */
export function nameList(names: readonly string[], listed: number): string {
  if (names.length <= listed)
    return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `${names.slice(0, listed).join(', ')} and ${names.length - listed} more`;
}

/** What makes two findings the same; one that names its entry where no list can stand is the same as no other. */
function caseOf(finding: Said): string {
  const [first = { text: '' }] = clausesOf(finding);
  const bare = first.text.replace(`"${NAME}"`, '').replace(START, '');
  return bare.includes(NAME) ? `${finding.target}${finding.message}` : first.text;
}

interface Clause {
  readonly text: string;
  /** What stands between it and the clause before. */
  readonly joint: string;
}

/** Sentences, and what semicolons part. */
function clausesOf({ target, message }: Said): Clause[] {
  const parts = message.replaceAll(target, NAME).split(/((?<=[.!?]) (?=[A-Z"])|; )/);
  return parts.flatMap((text, at) => (at % 2 === 0 ? [{ text, joint: parts[at - 1] ?? '' }] : []));
}

function together(group: readonly Said[], targets: readonly string[], listed: number) {
  const [[head = { text: '' }, ...rest] = [], ...others] = group.map(clausesOf);
  const common = rest.filter(
    ({ text }) => !text.includes(NAME) && others.every((clauses) => clauses.some((clause) => clause.text === text)),
  );
  const isShortened = [rest, ...others.map((clauses) => clauses.slice(1))].some(({ length }) => length > common.length);
  const message = [headOf(head.text, targets, listed), ...common.map(({ joint, text }) => `${joint}${text}`)].join('');
  return { message, isShortened };
}

function headOf(head: string, targets: readonly string[], listed: number): string {
  const names = nameList(
    targets.map((target) => `"${target}"`),
    listed,
  );
  if (QUOTED.test(head))
    return head.replace(QUOTED, (_, word?: string) => `${word === undefined ? '' : `${word}s`} ${names}`);
  return head.replace(START, '');
}
