/** Writes the driver for dockerd, as one option in daemon.json. Pure. */
import type { CgroupDriver } from '../../../../api/parts/cgroup.ts';
import { setOption } from '../../edit/json.ts';
import { type DockerFiles, parseDocker } from '../../observe/docker.ts';
import { type ByHand, type Edit, elsewhere, isLossy, notEditable } from './edit.ts';

/** The file with the option merged in; dockerd refuses one that stands in its unit as well. */
export function writeDocker(
  { main, config, unit, problems }: DockerFiles,
  wanted: CgroupDriver,
  hasCgroupV2: boolean,
): Edit | ByHand {
  const flag = unit.findLast(({ text }) => /^\s*ExecStart=.*--exec-opt[= ]/m.test(text.replaceAll(/\\\r?\n/g, ' ')));
  if (flag !== undefined) return elsewhere({ file: flag.file });
  if (isLossy(config?.text)) return notEditable(main, 'is not UTF-8');
  const after = setOption(config?.text ?? '', 'exec-opts', `native.cgroupdriver=${wanted}`);
  if (after === undefined || problems.length > 0) return notEditable(main, 'is not JSON that can be edited safely');
  const result = parseDocker({ file: main, text: after }, unit, hasCgroupV2);
  if (result.driver !== wanted || result.problems.length > 0) {
    return elsewhere(result.place ?? { file: main });
  }
  return { file: main, ...(config === undefined ? {} : { before: config.text }), after };
}
