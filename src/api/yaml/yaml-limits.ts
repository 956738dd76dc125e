/** What a spec may not contain although YAML has it; found in the tokens, before anything is built from them. */
import type { CST } from 'yaml';
import { quoted } from './quote.ts';

/** The tags of plain JSON data; all others name types that a spec has no use for. */
const KNOWN_TAGS = /^!!(?:str|int|float|bool|null|map|seq)$/;
/** A file with this many anchors is hostile; more lines about it would not help. */
const MAX_REFUSALS = 100;

/** A construct that is refused, with its offset; nothing may be built from the text. */
export interface Refusal {
  readonly at: number;
  readonly message: string;
}

/** Anchors, aliases, foreign tags and directives, in the order of the file. */
export function refusalsIn(tokens: readonly CST.Token[]): readonly Refusal[] {
  const refusals: Refusal[] = [];
  const open = [...tokens];
  for (let token = open.pop(); token !== undefined; token = open.pop()) {
    if (token.type === 'directive') refusals.push(...directiveRefusals(token));
    if (token.type === 'alias') refusals.push(aliasRefusal('alias', token));
    for (const mark of marksOf(token)) {
      if (mark.type === 'anchor') refusals.push(aliasRefusal('anchor', mark));
      if (mark.type === 'tag' && !KNOWN_TAGS.test(mark.source)) {
        refusals.push({ at: mark.offset, message: `YAML tag ${quoted(mark.source)} is not read; write a plain value` });
      }
    }
    for (const child of childrenOf(token)) open.push(child);
  }
  return refusals.toSorted((a, b) => a.at - b.at).slice(0, MAX_REFUSALS);
}

interface Written {
  readonly offset: number;
  readonly source: string;
}

function aliasRefusal(kind: 'anchor' | 'alias', { offset, source }: Written): Refusal {
  const why = 'anchors and aliases are not read, because a few lines of them can stand for gigabytes';
  return {
    at: offset,
    message: `YAML ${kind} ${quoted(source)}: ${why}; write the value out, or quote it if it is text`,
  };
}

/** `%YAML 1.1` would turn words such as `off` into booleans and `010` into eight. */
function directiveRefusals({ offset, source }: Written): Refusal[] {
  if (/^%YAML\s+1\.2\s*$/.test(source)) return [];
  return [{ at: offset, message: `YAML directive ${quoted(source)} is not read; a spec is YAML 1.2 without tags` }];
}

/** The tokens in front of a value: anchors and tags are among them. */
function marksOf(token: CST.Token): readonly CST.SourceToken[] {
  if (token.type === 'document') return token.start;
  return itemsOf(token).flatMap((item) => [...item.start, ...(item.sep ?? [])]);
}

function childrenOf(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  return itemsOf(token)
    .flatMap((item) => [item.key, item.value])
    .filter((child) => child !== undefined && child !== null);
}

function itemsOf(token: CST.Token): readonly CST.CollectionItem[] {
  return 'items' in token ? token.items : [];
}
