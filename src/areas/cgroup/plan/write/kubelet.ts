/** Writes the driver for the kubelet: a drop-in where a folder for them is in force, else one line of its file. Pure. */
import type { CgroupDriver } from '../../../../api/parts/cgroup.ts';
import { configFrom, type KubeletConfig } from '../../../kubelet.ts';
import { setYamlKey } from '../../edit/yaml.ts';
import { parseKubeletCgroup } from '../../observe/kubelet-driver.ts';
import type { KubeletWriting } from '../../observe/writing/writing.ts';
import { OWN_HEADER, OWN_NAMES } from '../../edit/marks.ts';
import { type ByHand, type Edit, elsewhere, isLossy, notEditable } from './edit.ts';

/** The file; a flag wins over every file, and is for a person to take away. */
export function writeKubelet(found: KubeletWriting, wanted: CgroupDriver): Edit | ByHand {
  const { main, dropIns, configs, flag } = found;
  if (flag !== undefined) return elsewhere(flag);
  const file = dropIns === undefined ? main : `${dropIns}/${OWN_NAMES.kubelet}`;
  const old = configs.find((one) => one.file === file);
  if (isLossy(old?.text)) return notEditable(file, 'is not UTF-8');
  if (dropIns === undefined && old === undefined) return notEditable(file, 'does not exist');
  const after = dropIns === undefined ? setYamlKey(old?.text ?? '', 'cgroupDriver', wanted) : dropInText(wanted);
  if (after === undefined) return notEditable(file, 'is not a mapping with one key on a line');
  const own: KubeletConfig = { file, ...configFrom(after) };
  const others = configs.filter((one) => one !== old);
  const at = others.findLastIndex((one) => one.file === main || one.file < file) + 1;
  const placed = file === main ? [own, ...others] : others.toSpliced(at, 0, own);
  const result = parseKubeletCgroup({ ...found, configs: placed });
  if (result.driver !== wanted || result.problems.length > 0) return elsewhere(result.place ?? { file });
  return { file, ...(old === undefined ? {} : { before: old.text }), after };
}

function dropInText(wanted: CgroupDriver): string {
  return `${OWN_HEADER}\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: ${wanted}\n`;
}
