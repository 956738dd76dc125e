/** YAML that other programs wrote, such as the kubelet's configuration; a spec goes through `documents.ts`. */
import { parse } from 'yaml';

/** The value of a YAML document, or why it cannot be read as one. */
export type ParsedYaml = { readonly value: unknown } | { readonly problem: string };

/** A kubelet configuration has a few kilobytes; the library makes a kilobyte of objects of each word. */
const MAX_LENGTH = 64 * 1024;

/** Reads foreign YAML. Never throws; aliases are allowed in the number that a person would write. */
export function parseYaml(text: string): ParsedYaml {
  if (text.length > MAX_LENGTH) return { problem: `it has more than ${MAX_LENGTH} characters` };
  try {
    // With `silent` the library would return what it could make of a broken document.
    const value: unknown = parse(text, { maxAliasCount: 50, logLevel: 'error', prettyErrors: false });
    return { value };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
