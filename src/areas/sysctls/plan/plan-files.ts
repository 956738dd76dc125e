/** The steps for our own two files. Pure. */
import type { Change, Memo, Memory, Original } from '../../area.ts';
import { isEqual } from '../values/match.ts';
import type { OwnFile } from '../observe/observe.ts';
import {
  CONF_PATH,
  fileKey,
  hasLateKey,
  hasMark,
  liveKey,
  RULES_PATH,
  renderConf,
  renderRules,
} from '../boot-files/own-files.ts';
import type { PlanContext } from './plan-context.ts';
import type { ConfLine, ConfStep, RulesStep } from './steps.ts';

/** What to do about our sysctl.d file so that it says exactly `lines`. */
export function planConf(lines: readonly ConfLine[], context: PlanContext): ConfStep | undefined {
  const { observed, memory, own } = context;
  if (observed.conf.state === 'odd') return undefined;
  const current = bytesOf(observed.conf);
  const values = new Map(lines.map((line) => [line.entry.name, line.value]));
  const wanted = renderConf(values);
  const key = fileKey(CONF_PATH);
  if (wanted === undefined) {
    const { content, isBack } = wayBack(CONF_PATH, current, memory);
    if (isBack) return undefined;
    const changes = changesBetween(own, values);
    return {
      kind: 'conf',
      lines,
      chain: key,
      ...(content === undefined ? {} : { original: content }),
      changes: atLeastOne(changes, { ...fileChange(CONF_PATH, content === undefined ? 'delete' : 'update') }),
      forgets: [key],
    };
  }
  if (current === wanted) return undefined;
  return {
    kind: 'conf',
    lines,
    chain: key,
    changes: atLeastOne(changesBetween(own, values), fileChange(CONF_PATH, 'update')),
    memos: [{ key, original: originalFile(current) }, ...originalsOf(lines, context)],
  };
}

/** What to do about our udev rule, given the names that are persisted. */
export function planRules(names: readonly string[], context: PlanContext): RulesStep | undefined {
  const { observed, memory } = context;
  if (observed.rules.state === 'odd') return undefined;
  const current = bytesOf(observed.rules);
  const key = fileKey(RULES_PATH);
  const wanted = renderRules(names, observed.program);
  if (wanted !== undefined) {
    if (current === wanted) return undefined;
    const change = fileChange(RULES_PATH, current === undefined ? 'create' : 'update');
    return { kind: 'rules', content: wanted, changes: [change], memos: [{ key, original: originalFile(current) }] };
  }
  const { content, isBack } = wayBack(RULES_PATH, current, memory);
  if (isBack) return undefined;
  const change = fileChange(RULES_PATH, content === undefined ? 'delete' : 'update');
  return { kind: 'rules', ...(content === undefined ? {} : { content }), changes: [change], forgets: [key] };
}

/** Ledger keys of our files that are not wanted any more and need no step: back already, or replaced by a foreign file. */
export function spentFiles(names: readonly string[], { observed, memory }: PlanContext): string[] {
  const isWanted = { [CONF_PATH]: names.length > 0, [RULES_PATH]: hasLateKey(names) };
  const files = [
    [CONF_PATH, observed.conf],
    [RULES_PATH, observed.rules],
  ] as const;
  return files
    .filter(([path, file]) => !isWanted[path] && file.state !== 'odd' && memory.has(fileKey(path)))
    .filter(([path, file]) => wayBack(path, bytesOf(file), memory).isBack)
    .map(([path]) => fileKey(path));
}

/** What a file of ours was before, and whether nothing is left to do to get there. */
function wayBack(
  path: string,
  current: string | undefined,
  memory: Memory,
): { content: string | undefined; isBack: boolean } {
  const original = memory.get(fileKey(path))?.original;
  const content = original?.state === 'value' ? original.value : undefined;
  // Without our header it is a file that was written after ours was deleted.
  const isForeign = current !== undefined && !hasMark(current);
  return { content, isBack: current === content || isForeign };
}

/** A value that was right before us is an original too: removal must not call it ours. */
function originalsOf(lines: readonly ConfLine[], { observed, memory, own }: PlanContext): readonly Memo[] {
  return lines.flatMap(({ entry }): Memo[] => {
    const live = observed.live.get(entry.name);
    if (live?.state !== 'value' || own.has(entry.name) || memory.has(liveKey(entry.name))) return [];
    return [{ key: liveKey(entry.name), original: { state: 'value', value: live.value } }];
  });
}

function originalFile(current: string | undefined): Original {
  // With our header and without a record it is ours already; what was there before is unknown.
  if (current === undefined || hasMark(current)) return { state: 'absent' };
  return { state: 'value', value: current };
}

function changesBetween(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): Change[] {
  const persistent = { scope: 'persistent', file: CONF_PATH, disruption: 'None' } as const;
  const written = [...to].flatMap(([target, value]): Change[] => {
    const old = from.get(target);
    if (old === undefined) return [{ action: 'create', target, to: value, ...persistent }];
    return isEqual(old, value) ? [] : [{ action: 'update', target, from: old, to: value, ...persistent }];
  });
  const removed = [...from]
    .filter(([target]) => !to.has(target))
    .map(([target, value]): Change => ({ action: 'delete', target, from: value, ...persistent }));
  return [...written, ...removed];
}

function fileChange(target: string, action: Change['action']): Change {
  return { action, target, scope: 'persistent', disruption: 'None' };
}

function atLeastOne(changes: readonly Change[], fallback: Change): [Change, ...Change[]] {
  const [first = fallback, ...rest] = changes;
  return [first, ...rest];
}

function bytesOf(file: OwnFile): string | undefined {
  return file.state === 'file' ? file.bytes : undefined;
}
