/** A cluster whose definition is older than the agent: the status is written without newer fields. */
import type { NodePrepStatus } from '../../api/status/status.ts';
import { ApiError } from '../client.ts';

/**
 * Fields that the definition in the cluster does not have, such as `.status.areas[].frozen`; empty for any other error.
 * An unknown field of an object is dropped by the API server; one that is applied is refused, and all else with it.
 */
export function undeclaredFields(error: unknown): readonly string[] {
  if (!(error instanceof ApiError)) return [];
  const said = error.message.matchAll(
    /(?<path>\.status(?:\.[A-Za-z]\w*|\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+): field not declared in schema/g,
  );
  return [...said].flatMap(
    ({ groups }) => groups?.['path']?.replaceAll(/\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\]/g, '[]') ?? [],
  );
}

/** The status without these fields. */
export function withoutUndeclared(status: NodePrepStatus, fields: Iterable<string>): NodePrepStatus {
  let rest: unknown = status;
  for (const field of fields) rest = without(rest, field.replace(/^\.status/, ''));
  return rest as NodePrepStatus;
}

function without(value: unknown, path: string): unknown {
  if (path.startsWith('[]')) return Array.isArray(value) ? value.map((one) => without(one, path.slice(2))) : value;
  const [whole = '', name = ''] = /^\.(\w+)/.exec(path) ?? [];
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return value;
  const { [name]: part, ...others } = value as Readonly<Record<string, unknown>>;
  const rest = path.slice(whole.length);
  return rest === '' ? others : { ...others, [name]: without(part, rest) };
}
