/** Foreign data of any shape, read without trusting it. Pure. */

/** Plain data from a configuration file. */
export type Table = Readonly<Record<string, unknown>>;

/** The table under a name; an empty one when there is none. */
export function objectIn(value: unknown, name: string): Table {
  if (!isTable(value) || !Object.hasOwn(value, name)) return {};
  const found = value[name];
  return isTable(found) ? found : {};
}

/** The text, empty when it is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The texts of a list; others are left out. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** Whether the value is a table, and no list or date. */
export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
