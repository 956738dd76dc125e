/** What a spec may not contain although YAML has it; found in the tokens, before anything is built from them. */
import type { CST } from 'yaml';
import { quoted } from './quote.ts';

const MAX_DEPTH = 64;
const MAX_DOCUMENTS = 100;
/** The tags of plain JSON data; all others name types that a spec has no use for. */
const KNOWN_TAGS = /^!!(?:str|int|float|bool|null|map|seq)$/;

/** A construct that is refused, with its offset. `fatal`: nothing may be built from this text. */
export interface Refusal {
  readonly at: number;
  readonly message: string;
  readonly fatal: boolean;
}

/** Everything refused in the tokens of a file. Never recursive, because nesting is what it guards against. */
export function refusalsIn(tokens: readonly CST.Token[]): Refusal[] {
  const documents = tokens.filter((token) => token.type === 'document');
  const surplus = documents[MAX_DOCUMENTS];
  if (surplus !== undefined) {
    const message = `the file has ${documents.length} documents; at most ${MAX_DOCUMENTS} are read`;
    return [{ at: surplus.offset, message, fatal: true }];
  }
  const refusals = tokens.flatMap((token) => (token.type === 'directive' ? directiveRefusal(token) : []));
  const open: { token: CST.Token; depth: number }[] = documents.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > MAX_DEPTH) {
      const message = `the document is nested deeper than ${MAX_DEPTH} levels; a spec needs four`;
      return [...refusals, { at: token.offset, message, fatal: true }];
    }
    if (token.type === 'alias') refusals.push(markRefusal('alias', token.offset, token.source));
    for (const mark of marksOf(token)) {
      if (mark.type === 'anchor') refusals.push(markRefusal('anchor', mark.offset, mark.source));
      if (mark.type === 'tag' && !KNOWN_TAGS.test(mark.source)) refusals.push(tagRefusal(mark));
    }
    for (const child of childrenOf(token)) open.push({ token: child, depth: depth + 1 });
  }
  return refusals;
}

function markRefusal(kind: 'anchor' | 'alias', at: number, source: string): Refusal {
  const message = `YAML ${kind} ${quoted(source)}: anchors and aliases are not read, because a few lines of them can stand for gigabytes; write the value out, or quote the text if it is meant as text`;
  return { at, message, fatal: true };
}

function tagRefusal(mark: CST.SourceToken): Refusal {
  return { at: mark.offset, message: `YAML tag ${quoted(mark.source)} is not read; write a plain value`, fatal: true };
}

/** `%YAML 1.1` would turn words such as `off` into booleans and `010` into eight. */
function directiveRefusal(token: { readonly offset: number; readonly source: string }): Refusal[] {
  if (/^%YAML\s+1\.2\s*$/.test(token.source)) return [];
  const message = `YAML directive ${quoted(token.source)} is not read; a spec is YAML 1.2 without tags`;
  return [{ at: token.offset, message, fatal: true }];
}

/** The tokens in front of a value: anchors and tags are among them. */
function marksOf(token: CST.Token): readonly CST.SourceToken[] {
  if (token.type === 'document') return token.start;
  if (!('items' in token)) return [];
  const items: readonly CST.CollectionItem[] = token.items;
  return items.flatMap((item) => [...item.start, ...(item.sep ?? [])]);
}

function childrenOf(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  const items: readonly CST.CollectionItem[] = token.items;
  return items.flatMap((item) => [item.key, item.value]).filter((child) => child !== undefined && child !== null);
}
