/** What a file becomes when the driver in it is taken back. Pure. */
import type { CgroupDriver, CgroupUser } from '../../../../api/parts/cgroup.ts';
import type { Remembered } from '../../../area.ts';
import { configFrom } from '../../../kubelet.ts';
import { isTable, objectIn, type Table, textOf, textsOf } from '../../../tables.ts';
import { removeOption, setOption } from '../../edit/json.ts';
import { setKey, withoutBlocks } from '../../edit/toml.ts';
import { setYamlKey, withoutYamlKey } from '../../edit/yaml.ts';
import { tomlFrom } from '../../observe/toml.ts';
import { OWN_HEADER } from '../../edit/marks.ts';
import { wroteText } from './edit.ts';

const OPTION = 'native.cgroupdriver=';
const DRIVERS = ['systemd', 'cgroupfs'] as const;

/** A file that was written, and what it holds now. */
export interface Written {
  readonly user: CgroupUser;
  readonly file: string;
  readonly now: string;
}

/**
 * The text to write, `undefined` to remove the file. A file that holds what NodePrep wrote becomes what it was; in one that
 * others have edited since, only what is ours goes: blocks, and a key that still has our value.
 */
export function revertedText({ user, file, now }: Written, { original, wrote }: Remembered): string | undefined {
  const before = original.state === 'value' ? original.value : undefined;
  const isAsWritten = DRIVERS.some((driver) => wrote.includes(wroteText(driver, now)));
  if (isAsWritten && original.state !== 'unknown') return before;
  if (/-nodeprep\.[a-z]+$/.test(file)) return now.startsWith(OWN_HEADER) ? before : now;
  const ours = DRIVERS.find((driver) => wrote.at(-1)?.startsWith(`${driver} `));
  if (user === 'kubelet') return revertedYaml(now, before, ours);
  return user === 'docker' ? revertedJson(now, before, ours) : revertedToml(now, before, ours);
}

function revertedToml(now: string, before: string | undefined, ours: CgroupDriver | undefined): string {
  const value = ours === 'systemd';
  let text = withoutBlocks(now);
  for (const [path, was] of driverKeys(tableOf(before ?? ''))) {
    const is = path.reduce<unknown>((table, name) => (isTable(table) ? table[name] : undefined), tableOf(text));
    if (is !== value || was === value) continue;
    text = setKey(text, path.slice(0, -1), 'SystemdCgroup', JSON.stringify(was)) ?? text;
  }
  return text;
}

/** Every `SystemdCgroup` of a file with the keys that lead to it. */
function driverKeys(table: Table): readonly (readonly [readonly string[], unknown])[] {
  const plugins = Object.entries(objectIn(table, 'plugins'));
  return plugins.flatMap(([plugin, value]) => {
    const runtimes = objectIn(objectIn(value, 'containerd'), 'runtimes');
    return Object.entries(runtimes).flatMap(([name, runtime]) => {
      const options = objectIn(runtime, 'options');
      const path = ['plugins', plugin, 'containerd', 'runtimes', name, 'options', 'SystemdCgroup'];
      return Object.hasOwn(options, 'SystemdCgroup') ? [[path, options['SystemdCgroup']] as const] : [];
    });
  });
}

function tableOf(text: string): Table {
  const { parsed } = tomlFrom(text);
  return 'table' in parsed ? parsed.table : {};
}

function revertedJson(now: string, before: string | undefined, ours: CgroupDriver | undefined): string {
  const had = optionsIn(before ?? '').findLast((one) => one.startsWith(OPTION));
  if (optionsIn(now).findLast((one) => one.startsWith(OPTION)) !== `${OPTION}${ours}`) return now;
  const text = had === undefined ? removeOption(now, 'exec-opts', OPTION) : setOption(now, 'exec-opts', had);
  return text ?? now;
}

function optionsIn(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text);
    return isTable(value) ? textsOf(value['exec-opts']) : [];
  } catch {
    return [];
  }
}

function revertedYaml(now: string, before: string | undefined, ours: CgroupDriver | undefined): string {
  const had = driverIn(before ?? '');
  if (ours === undefined) return withoutYamlKey(now, 'cgroupDriver');
  if (driverIn(now) !== ours) return now;
  return had === '' ? withoutYamlKey(now, 'cgroupDriver') : (setYamlKey(now, 'cgroupDriver', had) ?? now);
}

function driverIn(text: string): string {
  const config = configFrom(text);
  return 'settings' in config ? textOf(config.settings['cgroupDriver']) : '';
}
