/** Edits one member of a foreign JSON object and leaves every other byte as it is. */
import { isDeepStrictEqual } from 'node:util';
import { isTable, type Table, textsOf } from '../../tables.ts';

/** A member of the outer object: where its value begins and ends. */
interface Member {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s"[\]{}:,]+/g;

/**
 * Puts a text into a list of the outer object, in place of those that begin with the same words up to `=`; makes the list
 * when there is none. `undefined` when the text is no JSON object, or not one that can be edited.
 */
export function setOption(text: string, list: string, option: string): string | undefined {
  if (text.trim() === '') return `{\n  "${list}": [${JSON.stringify(option)}]\n}\n`;
  const before = objectFrom(text);
  if (before === undefined || !(before[list] === undefined || Array.isArray(before[list]))) return undefined;
  const name = option.slice(0, option.indexOf('=') + 1);
  const kept = textsOf(before[list]).filter((one) => !one.startsWith(name));
  const after = edited(text, list, { name, option });
  const now = after === undefined ? undefined : objectFrom(after);
  if (now === undefined || !isDeepStrictEqual({ ...now, [list]: 0 }, { ...before, [list]: 0 })) return undefined;
  const options = textsOf(now[list]);
  const isAsMeant =
    options.includes(option) &&
    isDeepStrictEqual(
      options.filter((one) => !one.startsWith(name)),
      kept,
    );
  return isAsMeant ? after : undefined;
}

/** The text without the texts of a list that begin so; `undefined` when it cannot be edited. */
export function removeOption(text: string, list: string, name: string): string | undefined {
  const before = objectFrom(text);
  const members = before === undefined ? [] : membersOf(text).filter(({ key }) => key === list);
  const [member] = members;
  if (member === undefined || members.length > 1) return undefined;
  const inside = text.slice(member.start, member.end);
  const option = `"${name.replaceAll(/[.]/g, '\\.')}[^"\\\\]*"`;
  const less = inside
    .replaceAll(new RegExp(`\\s*,\\s*${option}`, 'g'), '')
    .replace(new RegExp(`${option}\\s*(?:,\\s*)?`), '');
  const after = `${text.slice(0, member.start)}${less}${text.slice(member.end)}`;
  const kept = textsOf(before?.[list]).filter((one) => !one.startsWith(name));
  return isDeepStrictEqual(objectFrom(after), { ...before, [list]: kept }) ? after : undefined;
}

function edited(text: string, list: string, { name, option }: Readonly<Record<'name' | 'option', string>>) {
  const members = membersOf(text);
  const quoted = JSON.stringify(option);
  const own = members.filter(({ key }) => key === list);
  const [member] = own;
  if (own.length > 1) return undefined;
  if (member !== undefined) {
    const inside = text.slice(member.start, member.end);
    const given = [...inside.matchAll(/"(?:[^"\\]|\\.)*"/g)].filter(([one]) => one.startsWith(`"${name}`));
    const last = given.at(-1);
    const isEmpty = /^\[\s*\]$/.test(inside);
    // The last one counts; an earlier one is left as it is.
    const [from, to, put] =
      last === undefined
        ? isEmpty
          ? [1, inside.length - 1, quoted]
          : [inside.search(/\s*\]$/), inside.search(/\s*\]$/), `, ${quoted}`]
        : [last.index, last.index + last[0].length, quoted];
    return `${text.slice(0, member.start)}${inside.slice(0, from)}${put}${inside.slice(to)}${text.slice(member.end)}`;
  }
  const added = `"${list}": [${quoted}]`;
  const last = members.at(-1);
  if (last === undefined) return text.replace(/\{\s*\}/, () => `{\n  ${added}\n}`);
  // As the last member is laid out: on a line of its own, or in the same one.
  const layout = /([\r\n]+[ \t]*)"(?:[^"\\]|\\.)*"\s*:\s*$/.exec(text.slice(0, last.start))?.[1] ?? ' ';
  return `${text.slice(0, last.end)},${layout}${added}${text.slice(last.end)}`;
}

function objectFrom(text: string): Table | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isTable(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The members of the outer object of valid JSON, in order. */
function membersOf(text: string): readonly Member[] {
  const members: Member[] = [];
  let depth = 0;
  let key: string | undefined;
  let start: number | undefined;
  let end = 0;
  const close = () => {
    if (key !== undefined && start !== undefined) members.push({ key, start, end });
    key = start = undefined;
  };
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '}' || token === ']') depth -= 1;
    if (depth === 1 && token === ',') close();
    else if (depth === 0 && token === '}') close();
    else if (depth === 1 && key === undefined && token.startsWith('"')) key = String(JSON.parse(token));
    else if (key !== undefined && !(depth === 1 && token === ':' && start === undefined)) {
      start ??= index;
      end = index + token.length;
    }
    if (token === '{' || token === '[') depth += 1;
  }
  return members;
}
