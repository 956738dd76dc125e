/** Foreign TOML, read without trusting it. Pure. */
import { parse } from 'smol-toml';
import type { Table } from '../../tables.ts';

/** A parsed file, or why it cannot be read. */
export type Parsed = { readonly table: Table } | { readonly problem: string };

/** A configuration of a runtime has kilobytes; more is a mistake or an attack. */
const MAX_CHARACTERS = 1_000_000;

/** A file of TOML: its text, for lines, and what it says. */
export interface TomlText {
  readonly text: string;
  readonly parsed: Parsed;
}

/** A file of TOML with its path. */
export interface TomlFile extends TomlText {
  readonly file: string;
}

/** Reads TOML; never throws. */
export function tomlFrom(text: string): TomlText {
  return { text, parsed: parseToml(text) };
}

function parseToml(text: string): Parsed {
  if (text.length > MAX_CHARACTERS) return { problem: `it has more than ${MAX_CHARACTERS} characters` };
  try {
    return { table: parse(text) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { problem: `it is not TOML (${said.split('\n')[0]?.slice(0, 120) ?? ''})` };
  }
}
