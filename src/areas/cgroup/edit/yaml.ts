/** Edits one key of a foreign YAML mapping by its line and leaves every other byte as it is. */
import { isDeepStrictEqual } from 'node:util';
import { parseYaml } from '../../../api/yaml/yaml.ts';
import { isTable, type Table } from '../../tables.ts';

/** Ends a line that was added, so that it is known again. */
const MARK = ' # nodeprep';

/** Gives a key of the outer mapping a plain word as its value; `undefined` when that cannot be done by a line. */
export function setYamlKey(text: string, key: string, value: string): string | undefined {
  const before = mappingFrom(text);
  if (before === undefined) return undefined;
  const lines = text.split('\n');
  const isKey = keyPattern(key);
  const at = lines.findIndex((line) => isKey.test(line));
  const line = lines[at];
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const isEnded = text === '' || text.endsWith('\n');
  const after =
    line === undefined
      ? `${text}${isEnded ? '' : eol}${key}: ${value}${MARK}${eol}`
      : lines.with(at, line.replace(isKey, `$1${value}$3`)).join('\n');
  const now = mappingFrom(after);
  return now !== undefined && isDeepStrictEqual(now, { ...before, [key]: value }) ? after : undefined;
}

/** The text without the line that was added for a key. */
export function withoutYamlKey(text: string, key: string): string {
  const lines = text.split('\n');
  return lines.filter((line) => !(keyPattern(key).test(line) && line.trimEnd().endsWith(MARK))).join('\n');
}

function keyPattern(key: string): RegExp {
  return new RegExp(
    String.raw`^((?:${key}|"${key}"|'${key}')[ \t]*:[ \t]*)("[^"\\]*"|'[^']*'|[A-Za-z0-9_-]*)([ \t]*(?:#.*)?\r?)$`,
  );
}

function mappingFrom(text: string): Table | undefined {
  const parsed = parseYaml(text);
  if ('problem' in parsed) return undefined;
  const value = parsed.value ?? {};
  return isTable(value) ? value : undefined;
}
