/** The two files that this area owns, what they say, and the keys under which the ledger knows originals. */
import type { ModuleEntry } from '../../../api/parts/modules.ts';
import type { Original, Remembered } from '../../area.ts';
import { renderParameters } from '../parameters.ts';

/** Which modules systemd-modules-load loads at boot. */
export const LOAD_FILE = '/etc/modules-load.d/nodeprep.conf';
/** The parameters with which modprobe loads them. */
export const OPTIONS_FILE = '/etc/modprobe.d/nodeprep.conf';

const OWNER_LINE = '# Owned by NodePrep, which overwrites edits of this file.';
const HEADER = `${OWNER_LINE}\n# Declare kernel modules in /etc/nodeprep/nodeprep.yaml, under spec.modules.\n`;

/** Renders the list of modules to load; `undefined` when there is nothing to list, so nothing to own. */
export function renderLoadFile(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `${HEADER}${names.map((name) => `${name}\n`).join('')}`;
}

/** Renders the options of the entries that have parameters; `undefined` when none has. */
export function renderOptionsFile(entries: readonly ModuleEntry[]): string | undefined {
  const lines = entries
    .filter((entry) => Object.keys(entry.parameters).length > 0)
    .map((entry) => `options ${entry.name} ${renderParameters(entry.parameters)}\n`);
  return lines.length === 0 ? undefined : `${HEADER}${lines.join('')}`;
}

/** What the file was before NodePrep: the recorded original, else its contents unless they are ours. */
export function originalOf(contents: string | undefined, remembered: Remembered | undefined): Original {
  if (remembered !== undefined) return remembered.original;
  if (contents === undefined || isOurs(contents)) return { state: 'absent' };
  return { state: 'value', value: contents };
}

/** Whether nothing is left to do about a file that is not wanted any more: back already, or replaced by a foreign one. */
export function isBack(contents: string | undefined, remembered: Remembered | undefined): boolean {
  const original = originalOf(contents, remembered);
  if (contents === (original.state === 'value' ? original.value : undefined)) return true;
  return contents !== undefined && !isOurs(contents) && remembered?.wrote.includes(contents) !== true;
}

/** Whether the contents carry the header that says so. */
function isOurs(contents: string): boolean {
  return contents.startsWith(OWNER_LINE);
}

/** Key of the ledger for a module that we loaded, or for a parameter that we set. */
export function liveKey(name: string, parameter?: string): string {
  return parameter === undefined ? `live:${name}` : `live:${name}.${parameter}`;
}

/** The module, and perhaps the parameter, that a key of the ledger is about; `undefined` for a file. */
export function thingOf(key: string): { readonly name: string; readonly parameter: string | undefined } | undefined {
  if (!key.startsWith('live:')) return undefined;
  const [name = '', parameter] = key.slice('live:'.length).split('.', 2);
  return { name, parameter };
}

/** Key of the ledger for one of our files. */
export function fileKey(path: string): string {
  return `file:${path}`;
}
