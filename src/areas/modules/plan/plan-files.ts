/** Plans our two files: one atomic write each, with a change for every module that it concerns. Pure. */
import type { ModuleEntry } from '../../../api/parts/modules.ts';
import type { Change, Memory, Remembered } from '../../area.ts';
import type { Assessment } from './assess.ts';
import {
  fileKey,
  isBack,
  LOAD_FILE,
  OPTIONS_FILE,
  originalOf,
  renderLoadFile,
  renderOptionsFile,
} from './own-files.ts';
import { parseLoadList, parseModprobeConfig } from '../observe/parse.ts';
import type { FileStep } from './steps.ts';

/** The step for modules-load.d, if the file is not as it should be. */
export function loadFileStep(
  assessments: readonly Assessment[],
  current: string | undefined,
  remembered: Remembered | undefined,
): FileStep | undefined {
  const persisted = assessments.filter((one) => one.persist !== 'no').map((one) => one.entry.name);
  const step = fileStep(LOAD_FILE, renderLoadFile(persisted), current, remembered, loadLines);
  const unproven = assessments.filter((one) => one.persist === 'after-load').map((one) => one.entry.name);
  if (step === undefined || unproven.length === 0) return step;
  const original = originalOf(current, remembered);
  const otherwise = original.state === 'value' ? original.value : undefined;
  // Foreign lines go only when a module of ours takes their place, so it is not promised here.
  const certain = renderLoadFile(persisted.filter((name) => !unproven.includes(name))) ?? otherwise;
  const after = new Map([...loadLines(certain ?? ''), ...loadLines(unproven.join('\n'))]);
  const [first, ...others] = changesOfModules(LOAD_FILE, loadLines(current ?? ''), after);
  const changes: FileStep['changes'] = first === undefined ? step.changes : [first, ...others];
  return { ...step, changes, list: { names: persisted, unproven, otherwise } };
}

/** The step for modprobe.d, if the file is not as it should be. */
export function optionsFileStep(
  entries: readonly ModuleEntry[],
  current: string | undefined,
  remembered: Remembered | undefined,
): FileStep | undefined {
  return fileStep(OPTIONS_FILE, renderOptionsFile(entries), current, remembered, optionLines);
}

/** Ledger keys of our files that are not wanted any more and need no step. */
export function spentFiles(
  files: readonly { readonly path: string; readonly isWanted: boolean; readonly current: string | undefined }[],
  memory: Memory,
): string[] {
  return files
    .filter(({ path, isWanted, current }) => !isWanted && isBack(current, memory.get(fileKey(path))))
    .map(({ path }) => fileKey(path))
    .filter((key) => memory.has(key));
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
  if (isBack(current, remembered)) return undefined;
  const contents = original.state === 'value' ? original.value : undefined;
  return { kind: 'write-file', path, contents, changes: changesBetween(path, current, contents, read), forgets: [key] };
}

/** The changes of a file; one that concerns no module is named after the file itself. */
function changesBetween(
  path: string,
  current: string | undefined,
  next: string | undefined,
  read: Reading,
): FileStep['changes'] {
  const [first, ...others] = changesOfModules(path, read(current ?? ''), read(next ?? ''));
  if (first !== undefined) return [first, ...others];
  const action = current === undefined ? 'create' : next === undefined ? 'delete' : 'update';
  const from = current === undefined ? 'absent' : 'edited';
  const to = next === undefined ? 'absent' : 'as declared';
  return [{ action, target: path, from, to, scope: 'persistent', disruption: 'None' }];
}

/** One change per module that a file gains, loses or treats differently. */
function changesOfModules(
  file: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Change[] {
  const changes: Change[] = [];
  for (const target of new Set([...after.keys(), ...before.keys()])) {
    const [from, to] = [before.get(target), after.get(target)];
    if (from === to) continue;
    const action = from === undefined ? 'create' : to === undefined ? 'delete' : 'update';
    const values = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    changes.push({ action, target, ...values, scope: 'persistent', file, disruption: 'None' });
  }
  return changes;
}
