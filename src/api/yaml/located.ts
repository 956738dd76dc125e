/** Plain data that still knows where in the file each part was written. */
import { isMap, isScalar, isSeq, type Pair, type ParsedNode, type Scalar } from 'yaml';
import type { FieldPath } from './field-path.ts';
import { quoted } from './quote.ts';

/** A value with its place; maps and lists have children. */
export interface Located {
  /** Plain data; maps have no prototype, so that no key can mean something to JavaScript. */
  readonly value: unknown;
  /** Offset in the text. */
  readonly at: number;
  /** Offset of the key, for a field of a map. */
  readonly keyAt?: number;
  /** A scalar as it was written, without quotes. */
  readonly written?: string;
  readonly children: ReadonlyMap<string | number, Located>;
}

/** Told of a mistake that only shows while the tree is built. */
type OnProblem = (at: number, path: FieldPath, message: string) => void;

/** Builds the tree of a parsed node. Nesting was limited before, so recursion is safe. */
export function locatedFrom(node: unknown, at: number, path: FieldPath, onProblem: OnProblem): Located {
  if (isMap<ParsedNode>(node)) return locatedMap(node.items, startOf(node, at), path, onProblem);
  if (isSeq<ParsedNode>(node)) {
    const start = startOf(node, at);
    const items = node.items.map((item, index) => locatedFrom(item, start, [...path, index], onProblem));
    return { value: items.map((item) => item.value), at: start, children: new Map(items.entries()) };
  }
  if (isScalar(node)) {
    const scalar: Scalar = node;
    const written = scalar.source === undefined ? {} : { written: scalar.source };
    return { value: plainValue(scalar), at: startOf(scalar, at), children: new Map(), ...written };
  }
  return { value: null, at, children: new Map() };
}

/** What YAML 1.1 reads as true and as false, in exactly these spellings. */
const TRUE = /^(?:y|Y|yes|Yes|YES|on|On|ON)$/;
const FALSE = /^(?:n|N|no|No|NO|off|Off|OFF)$/;

/** kubectl reads YAML 1.1. A file that says one thing to the API server and another to the host would be a trap. */
function plainValue({ value, type }: Scalar): unknown {
  if (type !== 'PLAIN' || typeof value !== 'string') return value;
  if (TRUE.test(value)) return true;
  return FALSE.test(value) ? false : value;
}

function locatedMap(pairs: readonly Pair[], at: number, path: FieldPath, onProblem: OnProblem): Located {
  const children = new Map<string | number, Located>();
  const value = Object.create(null) as Record<string, unknown>;
  for (const pair of pairs) {
    const keyAt = startOf(pair.key, at);
    const key = keyText(pair.key);
    if (key === undefined) {
      onProblem(keyAt, path, 'a field name must be a word; found an empty or a nested one');
      continue;
    }
    const here = [...path, key];
    if (children.has(key)) {
      onProblem(keyAt, here, `the field ${quoted(key)} is here twice; keep one of them`);
      continue;
    }
    if (key === '__proto__') {
      onProblem(keyAt, here, 'unknown field "__proto__"');
      continue;
    }
    const child = { ...locatedFrom(pair.value, keyAt, here, onProblem), keyAt };
    children.set(key, child);
    setField(value, key, child);
  }
  return { value, at, children };
}

/**
 * Puts a part into the plain data of its mapping. A check of the schema compares whatever is called `length`, of a mapping in
 * the place of a text or a list as well, and a mapping or list there cannot be compared.
 */
export function setField(value: Record<string, unknown>, key: string, child: Located): void {
  value[key] = key === 'length' && typeof child.value === 'object' ? null : child.value;
}

/** A key such as `8021q` or `true` is a name whatever YAML takes it for. */
function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  const text = typeof key.value === 'string' ? key.value : (key.source ?? '');
  return text === '' ? undefined : text;
}

function startOf(node: unknown, otherwise: number): number {
  const range = (node as { range?: readonly number[] | null } | null | undefined)?.range;
  return range?.[0] ?? otherwise;
}

/** The part at a path; `undefined` when there is none. */
export function partAt(root: Located, path: FieldPath): Located | undefined {
  return path.reduce<Located | undefined>((node, key) => node?.children.get(key), root);
}

/** The tree without fields that are null, which the API server leaves out of an object before it looks at it. */
export function withoutNulls(node: Located): Located {
  if (Array.isArray(node.value)) {
    const items = [...node.children].map(([key, child]) => [key, withoutNulls(child)] as const);
    return { ...node, value: items.map(([, item]) => item.value), children: new Map(items) };
  }
  if (typeof node.value !== 'object' || node.value === null) return node;
  const fields = [...node.children].filter(([, child]) => child.value !== null);
  const children = fields.map(([key, child]) => [key, withoutNulls(child)] as const);
  const value = Object.create(null) as Record<string, unknown>;
  for (const [key, child] of children) setField(value, String(key), child);
  return { ...node, value, children: new Map(children) };
}

/** Where a mistake at this path is pointed at: the value, its key, or the closest part around a missing one. */
export function offsetAt(root: Located, path: FieldPath, of: 'key' | 'value' = 'value'): number {
  let node = root;
  for (const key of path) {
    const child = node.children.get(key);
    if (child === undefined) return node.keyAt ?? node.at;
    node = child;
  }
  return of === 'key' ? (node.keyAt ?? node.at) : node.at;
}

/** Paths of the entries of a list; none when it is missing or no list. */
export function listAt(root: Located, path: FieldPath): FieldPath[] {
  const list = partAt(root, path);
  return Array.isArray(list?.value) ? [...list.children.keys()].map((index) => [...path, index]) : [];
}

/** The text at a path; `undefined` for anything else. */
export function textAt(root: Located, path: FieldPath): string | undefined {
  const value = partAt(root, path)?.value;
  return typeof value === 'string' ? value : undefined;
}
