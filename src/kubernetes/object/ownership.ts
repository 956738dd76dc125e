/** Which manager owns which field of an object, from its managed fields. Pure. */
import type { ApiObject } from '../client.ts';
import { AGENT_MANAGER, LABELS_MANAGER, LOCAL_FILE_MANAGER } from '../resources.ts';

const OWN: readonly unknown[] = [LOCAL_FILE_MANAGER, AGENT_MANAGER, LABELS_MANAGER];

/** Whether the local file has brought anything into the object. */
export function isOwnedByLocalFile(object: ApiObject): boolean {
  return entriesOf(object).some((entry) => entry['manager'] === LOCAL_FILE_MANAGER);
}

/** A text that changes when another manager takes or releases a field; the status and times do not count. */
export function ownershipOf(object: ApiObject): string {
  const others = entriesOf(object)
    .filter((entry) => !OWN.includes(entry['manager']))
    .filter((entry) => entry['subresource'] !== 'status')
    .map((entry) => JSON.stringify([entry['manager'], entry['operation'], entry['fieldsV1']]));
  return others.toSorted().join('\n');
}

function entriesOf(object: ApiObject): readonly Readonly<Record<string, unknown>>[] {
  const entries: unknown = object.metadata.managedFields;
  if (!Array.isArray(entries)) return [];
  return entries.filter((entry): entry is Record<string, unknown> => typeof entry === 'object' && entry !== null);
}
