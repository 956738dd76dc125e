/** Parameters that the firmware of a Raspberry Pi takes from its device tree, where no edit of cmdline.txt reaches. */
import type { HostReader } from '../../../../host/host.ts';
import { wordsOf } from '../../words.ts';
import type { LoaderSource } from '../loader.ts';

const COMPATIBLE = '/proc/device-tree/compatible';
/** A device tree has kilobytes of other texts; a command line of ours is what a memory cgroup is disabled by. */
const BOOTARGS = /[\x20-\x7e]*cgroup_disable=[\x20-\x7e]*/;

/** The words in the device tree of this model, as sources of the firmware. Throws `HostFileError`. */
export async function firmwareWords(host: HostReader, folder: string): Promise<readonly LoaderSource[]> {
  const model = modelOf((await host.readFile(COMPATIBLE)) ?? '');
  if (model === undefined) return [];
  const names = ((await host.listDirectory(folder)) ?? []).filter((name) => name.endsWith(`-rpi-${model}.dtb`));
  const found = names.map(async (name): Promise<readonly LoaderSource[]> => {
    const file = `${folder}/${name}`;
    const words = (await host.parsed(file, bootargsIn, 'bytes')) ?? [];
    return words.length === 0 ? [] : [{ file, words, isOurs: false, isEditable: false, isFirmware: true }];
  });
  return (await Promise.all(found)).flat();
}

/** `raspberrypi,4-model-b` is `4-b` in the name of its device tree, and `4-compute-module` is `cm4`. */
function modelOf(compatible: string): string | undefined {
  const name = /^raspberrypi,([\w-]+)/.exec(compatible)?.[1];
  if (name === undefined) return undefined;
  const module = /^(\d)-compute-module(.*)$/.exec(name);
  return module === null ? name.replace('model-', '') : `cm${module[1]}${module[2]}`;
}

function bootargsIn(tree: string): readonly string[] {
  return wordsOf(BOOTARGS.exec(tree)?.[0] ?? '');
}
