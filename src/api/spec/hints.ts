/** What to write in place of a value that has another form than the schema wants. */
import { scalarText } from '../yaml/words.ts';
import { type AnyPart } from '../parts/part.ts';
import { AREA_NAMES, partOf } from '../parts/parts.ts';
import type { SpecDocument } from '../yaml/documents.ts';
import type { Problem } from '../yaml/errors.ts';
import type { FieldPath } from '../yaml/field-path.ts';
import { type Located, partAt } from '../yaml/located.ts';
import { quoted } from '../yaml/quote.ts';

/** The hint for a list that is none: what its first entry would be. */
export function listHint({ value, children }: Located, path: FieldPath): string {
  if (value === null) return '; remove the field, or write []';
  const [first] = children;
  if (first === undefined) return typeof value === 'string' ? `; write ${entry(path, value)} below it` : '';
  const [key, one] = [String(first[0]), first[1].value];
  if (key.startsWith('-'))
    return `; a space is missing after the dash: write ${quoted(`- ${key.slice(1)}: ${scalarText(one)}`)}`;
  if (children.has('name'))
    return `; begin each entry with a dash: ${quoted(`- name: ${scalarText(children.get('name')?.value)}`)}`;
  return `; write each entry as ${entry(path, typeof one === 'object' ? key : `${key}=${scalarText(one)}`)}`;
}

/** The hint for a text in place of a mapping with these fields. */
export function mappingHint(value: string, path: FieldPath, fields: readonly string[]): string {
  const [, key = '', rest = ''] = /^([A-Za-z]+)\s*[:=]\s*(\S.*)$/s.exec(value) ?? [];
  const isField = fields.includes(key);
  // The lines that follow were read as a part of it.
  if (isField && typeof path.at(-1) === 'number')
    return `; write ${quoted(`${key}: ${rest.split(/\s/)[0] ?? ''}`)}, with a space after the colon`;
  if (typeof path.at(-1) === 'number') return `; write ${entry(path.slice(0, -1), value)}`;
  if (!isField) return '';
  return `; write ${quoted(`${key}: ${rest}`)}, with a space after the colon`;
}

/** Entries such as `- vm.swappiness: 10`, which have none of the fields of an entry. */
export function strayEntries(document: SpecDocument): Problem[] {
  return AREA_NAMES.flatMap((area) => {
    const list = partAt(document.root, ['spec', area]);
    if (!Array.isArray(list?.value)) return [];
    return [...list.children].flatMap(([index, { value, children }]) => {
      const [only, ...others] = children;
      if (only === undefined || others.length > 0 || !/[./_-]/.test(String(only[0]))) return [];
      const [key, one] = [String(only[0]), only[1].value];
      if (typeof value !== 'object' || (typeof one === 'object' && one !== null)) return [];
      const path = ['spec', area, index];
      const said = scalarText(one) === '' ? key : `${key}: ${scalarText(one)}`;
      return [
        document.problem(
          path,
          `expected the fields of an entry, found ${quoted(said)}; write ${entry(['spec', area], said)}`,
        ),
      ];
    });
  });
}

/** `"- {name: vm.swappiness, value: 10}"` for what stands in the list at a path. */
function entry(path: FieldPath, said: string): string {
  const area = AREA_NAMES.find((name) => path.length === 2 && name === path[1]);
  const entries: AnyPart['entries'] | undefined = area === undefined ? undefined : partOf(area).entries;
  return quoted(`- ${entries?.entryFor?.(said) ?? `name: ${said}`}`);
}
