/** Writes our own files, with only what the running kernel holds. */
import type { Change } from '../../area.ts';
import type { Host } from '../../../host/host.ts';
import { isEqual, isSatisfied } from '../values/match.ts';
import { observeLive } from '../observe/observe.ts';
import { CONF_PATH, hasMark, parseOwnConf, RULES_PATH, renderConf } from '../boot-files/own-files.ts';
import { isForbiddenRead } from '../plan/plan-entry.ts';
import type { ConfLine, ConfStep, RulesStep } from '../plan/steps.ts';

/** Writes our sysctl.d file; what the kernel does not hold now is left out and is not in the result. */
export async function applyConf(host: Host, step: ConfStep): Promise<readonly Change[]> {
  const current = await host.readFile(CONF_PATH, 'bytes');
  if (step.lines.length === 0) {
    await replace(host, CONF_PATH, current, step.original);
    return step.changes;
  }
  const listed = current !== undefined && hasMark(current) ? parseOwnConf(current) : new Map<string, string>();
  const kept = new Map<string, string>();
  for (const line of step.lines) {
    const value = await confirmedValue(host, line, listed.get(line.entry.name));
    if (value !== undefined) kept.set(line.entry.name, value);
  }
  const content = renderConf(kept);
  // Foreign contents stay until there is something to put in their place.
  if (content !== undefined || (current !== undefined && hasMark(current))) {
    await replace(host, CONF_PATH, current, content);
  }
  const declared = new Map(step.lines.map((line) => [line.entry.name, line.value]));
  return step.changes.filter(({ target, action }) => {
    if (action === 'delete') return !kept.has(target);
    return target === CONF_PATH ? content !== current : declared.get(target) === kept.get(target);
  });
}

/** Writes or removes our udev rule. */
export async function applyRules(host: Host, step: RulesStep): Promise<undefined> {
  await replace(host, RULES_PATH, await host.readFile(RULES_PATH, 'bytes'), step.content);
}

/** The value that may be persisted for a line: the planned one, the listed one that still holds, or none. */
async function confirmedValue(host: Host, line: ConfLine, listed: string | undefined): Promise<string | undefined> {
  // A line that was confirmed once stays, also while another program fights for the live value.
  if (host.kernel !== 'running' || listed === line.value) return line.value;
  const live = await observeLive(host, line.entry.name);
  if (line.isWaiting && live.state === 'absent') return line.value;
  if (isForbiddenRead(live)) return line.value;
  if (live.state !== 'value') return undefined;
  if (isSatisfied(line.entry, live.value)) return line.value;
  // The kernel refused the new value and still holds the last good one.
  return listed !== undefined && isEqual(listed, live.value) ? listed : undefined;
}

async function replace(
  host: Host,
  path: string,
  current: string | undefined,
  content: string | undefined,
): Promise<void> {
  if (current === content) return;
  if (content === undefined) await host.removeFile(path);
  else await host.writeFile(path, content, { encoding: 'bytes' });
}
