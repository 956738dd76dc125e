/** Names of Nodes, which are the names of their NodePreps. */
import { quoted } from '../yaml/quote.ts';

const PART = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/** Why a text is not the name of a Node (an RFC 1123 subdomain, as the API server demands); `undefined` when it is. */
export function nodeNameProblem(name: string): string | undefined {
  if (name.length <= 253 && name.split('.').every((part) => PART.test(part))) return undefined;
  return `${quoted(name)} is not the name of a Node: expected lower-case letters, digits, "-" and "." (RFC 1123)`;
}
