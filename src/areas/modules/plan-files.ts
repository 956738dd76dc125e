/** Plans our two files: one atomic write each, with a change for every module that it concerns. Pure. */
import type { ModuleEntry } from '../../api/nodeprep.ts';
import type { Change, Remembered } from '../area.ts';
import type { Assessment } from './assess.ts';
import { LOAD_FILE, OPTIONS_FILE, originalOf, renderLoadFile, renderOptionsFile } from './own-files.ts';
import { parseLoadList, parseModprobeConfig } from './parse.ts';
import { type FileStep, fileKey } from './steps.ts';

/** The step for modules-load.d, if the file is not as it should be. */
export function loadFileStep(
  assessments: readonly Assessment[],
  current: string | undefined,
  remembered: Remembered | undefined,
): FileStep | undefined {
  const persisted = assessments.filter((one) => one.persist !== 'no');
  const names = persisted.map((one) => one.entry.name);
  const step = fileStep(LOAD_FILE, renderLoadFile(names), current, remembered, loadLines);
  if (step === undefined || names.length === 0) return step;
  const unproven = persisted.filter((one) => one.persist === 'after-load').map((one) => one.entry.name);
  const original = originalOf(current, remembered);
  const otherwise = original.state === 'value' ? original.value : undefined;
  return { ...step, list: { names, unproven, otherwise } };
}

/** The step for modprobe.d, if the file is not as it should be. */
export function optionsFileStep(
  entries: readonly ModuleEntry[],
  current: string | undefined,
  remembered: Remembered | undefined,
): FileStep | undefined {
  return fileStep(OPTIONS_FILE, renderOptionsFile(entries), current, remembered, optionLines);
}

/** What a file says of each module, in words. */
type Reading = (contents: string) => ReadonlyMap<string, string>;

const loadLines: Reading = (contents) =>
  new Map(parseLoadList(contents).map((line) => [line.name, 'loaded at boot'] as const));

const optionLines: Reading = (contents) => {
  const lines = new Map<string, string>();
  for (const { directive, module, rest } of parseModprobeConfig(contents)) {
    if (directive === 'alias') continue;
    const said = directive === 'options' ? rest : `${directive} ${rest}`.trim();
    lines.set(module, [lines.get(module), said].filter((text) => text !== undefined).join(' '));
  }
  return lines;
};

function fileStep(
  path: string,
  rendered: string | undefined,
  current: string | undefined,
  remembered: Remembered | undefined,
  read: Reading,
): FileStep | undefined {
  const key = fileKey(path);
  const original = originalOf(current, remembered);
  if (rendered !== undefined) {
    if (rendered === current) return undefined;
    const changes = changesBetween(path, current, rendered, read);
    return { kind: 'write-file', path, contents: rendered, changes, memos: [{ key, original, wrote: rendered }] };
  }
  // Nothing to declare: the file goes back. What a lost record does not tell can only be ours.
  const contents = original.state === 'value' ? original.value : undefined;
  if (contents === current) return undefined;
  return { kind: 'write-file', path, contents, changes: changesBetween(path, current, contents, read), forgets: [key] };
}

/** One change per module that the file gains, loses or treats differently; else one for the file itself. */
function changesBetween(
  path: string,
  current: string | undefined,
  next: string | undefined,
  read: Reading,
): readonly [Change, ...Change[]] {
  const [before, after] = [read(current ?? ''), read(next ?? '')];
  const changes: Change[] = [];
  for (const module of new Set([...after.keys(), ...before.keys()])) {
    const [from, to] = [before.get(module), after.get(module)];
    if (from === to) continue;
    const action = from === undefined ? 'create' : to === undefined ? 'delete' : 'update';
    changes.push({
      action,
      target: module,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      scope: 'persistent',
      disruption: 'None',
    });
  }
  const [first, ...others] = changes;
  if (first !== undefined) return [first, ...others];
  const action = current === undefined ? 'create' : next === undefined ? 'delete' : 'update';
  return [
    {
      action,
      target: path,
      from: current === undefined ? 'absent' : 'edited',
      to: next === undefined ? 'absent' : 'as declared',
      scope: 'persistent',
      disruption: 'None',
    },
  ];
}
