/** From text to the tokens of a YAML stream, given up as soon as the text is more than a spec can need. */
import { type CST, Lexer, Parser } from 'yaml';
import type { Refusal } from './yaml-limits.ts';

const MAX_DEPTH = 64;
const MAX_DOCUMENTS = 100;
/** A file of 256 parameters and 128 modules with every field and a comment each has half of it; the heap of the daemon holds it. */
const MAX_LEXEMES = 80_000;

/** The tokens of a file, or the limit that it exceeds. */
export type Tokenized = { readonly tokens: readonly CST.Token[] } | { readonly refusal: Refusal };

/**
 * Tokenizes step by step. `Parser.parse` would first build all of it, and the composer after it
 * recurses with the nesting: a megabyte of "[" takes seconds and then the stack.
 */
export function tokenize(text: string): Tokenized {
  const lexer = new Lexer();
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  let documents = 0;
  for (const lexeme of lexer.lex(text)) {
    lexemes += 1;
    for (const token of parser.next(lexeme)) {
      if (token.type === 'document') documents += 1;
      tokens.push(token);
    }
    const at = parser.offset;
    // The document itself is on the stack too.
    if (parser.stack.length > MAX_DEPTH + 1) {
      return { refusal: { at, message: `the document is nested deeper than ${MAX_DEPTH} levels; a spec needs five` } };
    }
    if (documents > MAX_DOCUMENTS) {
      return { refusal: { at, message: `the file has more than ${MAX_DOCUMENTS} documents` } };
    }
    if (lexemes > MAX_LEXEMES) {
      return {
        refusal: { at, message: `the file has more than ${MAX_LEXEMES} words and signs; a spec needs far fewer` },
      };
    }
  }
  tokens.push(...parser.end());
  return { tokens };
}
