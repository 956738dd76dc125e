/** Writes the driver for CRI-O, as a drop-in that sorts after those of others. Pure. */
import type { CgroupDriver } from '../../../../api/parts/cgroup.ts';
import { type CrioFiles, parseCrio } from '../../observe/crio.ts';
import { type TomlFile, tomlFrom } from '../../observe/toml.ts';
import { OWN_DROP_INS, OWN_HEADER } from '../../edit/marks.ts';
import { type ByHand, type Edit, elsewhere, isLossy, notEditable } from './edit.ts';

const FILE = OWN_DROP_INS.crio;

/** The drop-in; CRI-O refuses cgroupfs without `conmon_cgroup`. */
export function writeCrio({ files, problems }: CrioFiles, wanted: CgroupDriver): Edit | ByHand {
  const old = files.find(({ file }) => file === FILE);
  if (isLossy(old?.text)) return notEditable(FILE, 'is not UTF-8');
  const after = `${OWN_HEADER}\n[crio.runtime]\ncgroup_manager = "${wanted}"\nconmon_cgroup = "pod"\n`;
  const own: TomlFile = { file: FILE, ...tomlFrom(after) };
  const others = files.filter((one) => one !== old);
  const at = others.findLastIndex(({ file }) => file < FILE) + 1;
  const config = parseCrio(others.toSpliced(at, 0, own), problems);
  const fatal = config.problems.find(({ isFatal }) => isFatal);
  if (fatal !== undefined) {
    return { reason: 'RuntimeConfigUnsafe', why: `${fatal.place.file} keeps CRI-O from starting`, place: fatal.place };
  }
  if (config.driver !== wanted) return elsewhere(config.place ?? { file: FILE });
  return { file: FILE, ...(old === undefined ? {} : { before: old.text }), after };
}
