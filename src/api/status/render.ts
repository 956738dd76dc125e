/** Output formats of the command line for values of the API. */
import { stringify } from 'yaml';

/** YAML without anchors, aliases or folded lines. */
export function toYaml(value: unknown): string {
  // `compat`: a text such as Off or 1:30 is quoted, because kubectl reads YAML 1.1 and would see a boolean or a number.
  return stringify(value, { aliasDuplicateObjects: false, compat: 'yaml-1.1', lineWidth: 0 });
}

/** Indented JSON with a final line feed. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
