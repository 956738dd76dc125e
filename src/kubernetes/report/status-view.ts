/**
 * The status as the API server gets it: small enough for an object that is stored on every write,
 * with the transition times that it has already, and compared without them. Pure.
 */
import { type Condition, CONDITION_TYPES } from '../../api/status/conditions.ts';
import type { AreaStatus, DifferingEntry, NodePrepStatus } from '../../api/status/status.ts';
import { scalarText } from '../../api/yaml/words.ts';
import { canonicalJson } from '../digest.ts';

/** Most bytes of a status; the spec and its managed fields come on top. */
export const MAX_STATUS_BYTES = 48 * 1024;
/** Longest text of a differing entry. */
const MAX_ROW_CHARACTERS = 256;

/** The status within `MAX_STATUS_BYTES`: long texts are cut, and of many rows the worst of each area stay. */
export function boundedStatus(status: NodePrepStatus): NodePrepStatus {
  const areas = status.areas.map((area) => ({ ...area, differing: area.differing.map(shortRow) }));
  const bare = { ...status, areas: areas.map((area) => ({ ...area, differing: [] })) };
  let left = MAX_STATUS_BYTES - bytesOf(bare);
  const kept: DifferingEntry[][] = areas.map(() => []);
  const longest = Math.max(0, ...areas.map((area) => area.differing.length));
  // Row by row over the areas, so that one area with thousands of them does not hide the others.
  for (let row = 0; row < longest; row += 1) {
    for (const [at, area] of areas.entries()) {
      const entry = area.differing[row];
      const size = entry === undefined ? 0 : bytesOf(entry) + 1;
      if (entry === undefined || size > left) continue;
      kept[at]?.push(entry);
      left -= size;
    }
  }
  return { ...status, areas: areas.map((area, at): AreaStatus => ({ ...area, differing: kept[at] ?? [] })) };
}

/** Never empty: Kubernetes 1.20 makes null of an empty text that is applied, and then refuses it. */
function shortRow(row: DifferingEntry): DifferingEntry {
  const { name, expected, actual, reason, message } = row;
  const nothing = '(nothing)';
  return {
    name: short(name),
    expected: short(expected) || nothing,
    actual: short(actual) || nothing,
    reason,
    message: short(message) || reason,
  };
}

/** Cut, and never in the middle of a character. */
function short(text: string): string {
  if (text.length <= MAX_ROW_CHARACTERS) return text;
  return `${text.slice(0, MAX_ROW_CHARACTERS - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/**
 * The wanted status with the transition time of every condition whose status is the same in `known`:
 * a restart of the agent is no transition, and neither is a change that was never written.
 */
export function withTransitionTimes(wanted: NodePrepStatus, known: readonly KnownCondition[]): NodePrepStatus {
  const conditions = wanted.conditions.map((condition): Condition => {
    const before = known.find((one) => one.type === condition.type && one.status === condition.status);
    const told = { ...condition, message: condition.message || condition.reason };
    return before === undefined ? told : { ...told, lastTransitionTime: before.lastTransitionTime };
  });
  return { ...wanted, conditions };
}

/** The part of a stored condition that its transition time depends on. */
export type KnownCondition = Pick<Condition, 'lastTransitionTime'> & { readonly type: string; readonly status: string };

/** The conditions of a stored status that are valid; any client may have written it. */
export function knownConditions(status: unknown): readonly KnownCondition[] {
  const list = fieldOf(status, 'conditions');
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown): KnownCondition[] => {
    const [type, state, time] = [fieldOf(one, 'type'), fieldOf(one, 'status'), fieldOf(one, 'lastTransitionTime')];
    if (typeof type !== 'string' || typeof state !== 'string' || typeof time !== 'string') return [];
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(time) || Number.isNaN(Date.parse(time))) return [];
    return [{ type, status: state, lastTransitionTime: time }];
  });
}

/** A text that is equal for two statuses with the same meaning; of a stored status, only the fields of `wanted` count. */
export function meaningOf(status: unknown, wanted: NodePrepStatus): string {
  // A condition of ours that is stored and no longer wanted, of an area that is not managed any more, is a difference.
  const types = new Set<unknown>([...CONDITION_TYPES, ...wanted.conditions.map((condition) => condition.type)]);
  const names = new Set<unknown>(wanted.areas.map((area) => area.name));
  const conditions = listOf(status, 'conditions')
    .filter((one) => types.has(fieldOf(one, 'type')))
    .map((one) => ({ ...(one as object), lastTransitionTime: '' }))
    .toSorted(byField('type'));
  const areas = listOf(status, 'areas')
    .filter((one) => names.has(fieldOf(one, 'name')))
    .toSorted(byField('name'));
  const plain = Object.keys(wanted).map((key) => [key, fieldOf(status, key)] as const);
  return canonicalJson({ ...Object.fromEntries(plain), conditions, areas });
}

/** The fields that people act upon and tables show, of a wanted or a stored status: other changes can wait. */
export function gistOf(status: unknown): string {
  const conditions = listOf(status, 'conditions').map((one) =>
    ['type', 'status', 'reason'].map((key) => fieldOf(one, key)),
  );
  const areas = listOf(status, 'areas').map((one) => ['name', 'state'].map((key) => fieldOf(one, key)));
  return JSON.stringify([
    fieldOf(status, 'observedGeneration'),
    ...['mode', 'inSync'].map((key) => fieldOf(status, key)),
    fieldOf(fieldOf(status, 'pending'), 'plan'),
    conditions.toSorted(),
    areas,
  ]);
}

function listOf(value: unknown, key: string): readonly unknown[] {
  const list = fieldOf(value, key);
  return Array.isArray(list) ? list : [];
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function byField(key: string): (a: unknown, b: unknown) => number {
  return (a, b) => (scalarText(fieldOf(a, key)) < scalarText(fieldOf(b, key)) ? -1 : 1);
}
