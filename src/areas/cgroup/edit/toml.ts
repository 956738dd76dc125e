/**
 * Edits a foreign TOML file by its lines and never prints it anew: comments, order and layout stay. It knows table
 * headers and single keys, and is no parser: the caller parses the result, which shows whether an edit meant what it should.
 */

/** The keys that lead to a table: `plugins`, `io.containerd.grpc.v1.cri`, `containerd`… */
export type TablePath = readonly string[];

/** A table with keys of its own, for the end of a file. Values are TOML. */
export interface NewTable {
  readonly path: TablePath;
  readonly keys: Readonly<Record<string, string>>;
}

const BEGIN = '# nodeprep begin';
const END = '# nodeprep end';
const SEGMENT = String.raw`(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')`;
const HEADER = new RegExp(
  String.raw`^[ \t]*\[[ \t]*(${SEGMENT}(?:[ \t]*\.[ \t]*${SEGMENT})*)[ \t]*\][ \t]*(?:#.*)?\r?$`,
);
const EACH_SEGMENT = new RegExp(SEGMENT, 'g');

/** Whether a file has a block that NodePrep wrote. */
export function hasBlock(text: string): boolean {
  return withoutBlocks(text) !== text;
}

/** The text without the blocks that NodePrep wrote; a block without an end is not taken for one. */
export function withoutBlocks(text: string): string {
  const kept: string[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const end = lines[at]?.trim() === BEGIN ? lines.findIndex((line, index) => index > at && line.trim() === END) : -1;
    if (end === -1) {
      kept.push(lines[at] ?? '');
      continue;
    }
    // The empty line before a block at the end of a file belongs to it.
    if (lines.slice(end + 1).every((line) => line === '') && kept.at(-1)?.trim() === '') kept.pop();
    at = end;
  }
  return kept.join('\n');
}

/**
 * Gives a key of a table a value. One that is there keeps its line, a new one stands in a marked block below the header.
 * `undefined` when there is no such header, or the value is not a plain one.
 */
export function setKey(text: string, path: TablePath, key: string, value: string): string | undefined {
  const lines = text.split('\n');
  const header = lines.findIndex((line) => isSame(headerOf(line), path));
  const headerLine = lines[header];
  if (headerLine === undefined) return undefined;
  const next = lines.findIndex((line, at) => at > header && /^[ \t]*\[/.test(line));
  const end = next === -1 ? lines.length : next;
  const isKey = new RegExp(String.raw`^[ \t]*(?:${key}|"${key}"|'${key}')[ \t]*=`);
  const at = lines.findIndex((line, index) => index > header && index < end && isKey.test(line));
  const line = lines[at];
  if (line !== undefined) {
    const parts = /^([^=]*=[ \t]*)(?:true|false|"[^"\\]*"|'[^']*')([ \t]*(?:#.*)?\r?)$/.exec(line);
    if (parts === null) return undefined;
    return lines.with(at, `${parts[1] ?? ''}${value}${parts[2] ?? ''}`).join('\n');
  }
  const indent = `${/^[ \t]*/.exec(headerLine)?.[0] ?? ''}  `;
  const block = [BEGIN, `${key} = ${value}`, END].map(
    (one) => `${indent}${one}${headerLine.endsWith('\r') ? '\r' : ''}`,
  );
  return [...lines.slice(0, header + 1), ...block, ...lines.slice(header + 1)].join('\n');
}

/** Adds tables to the end, in one marked block. `quote` is the one that the program prints itself. */
export function appendTables(text: string, tables: readonly NewTable[], quote: '"' | "'"): string {
  const lines = tables.flatMap(({ path, keys }) => [
    `[${path.map((name) => (/^[A-Za-z0-9_-]+$/.test(name) ? name : `${quote}${name}${quote}`)).join('.')}]`,
    ...Object.entries(keys).map(([key, value]) => `  ${key} = ${value}`),
  ]);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const before = text === '' || text.endsWith('\n') ? text : `${text}${eol}`;
  return `${before}${[before === '' ? [] : [''], BEGIN, ...lines, END].flat().join(eol)}${eol}`;
}

/** The keys of a header such as `[ plugins . "a.b" ]`; `undefined` for any other line, and for arrays of tables. */
function headerOf(line: string): TablePath | undefined {
  const inside = HEADER.exec(line)?.[1];
  return inside?.match(EACH_SEGMENT)?.map((segment) => (/^["']/.test(segment) ? segment.slice(1, -1) : segment));
}

function isSame(found: TablePath | undefined, path: TablePath): boolean {
  return found?.length === path.length && found.every((name, at) => name === path[at]);
}
