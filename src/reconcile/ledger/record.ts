/** Versioned JSON files of our own: read with suspicion, kept aside when they cannot be used. */
import { assertOwnRecord } from '../../host/distrust.ts';
import type { Host, HostReader } from '../../host/host.ts';

/** A record's content, or why it cannot be used; both absent when there is no file. */
export interface RecordFile {
  readonly content?: Record<string, unknown>;
  readonly problem?: string;
}

/**
 * Reads a JSON record of the given kind, at most of the given version. Throws `HostFileError` when the file cannot be
 * read, or when other users than root could have written it.
 */
export async function readRecord(host: HostReader, path: string, kind: string, version: number): Promise<RecordFile> {
  const text = await host.readFile(path);
  if (text === undefined) return {};
  await assertOwnRecord(host, path);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { problem: text.trim() === '' ? 'is empty' : 'is truncated or not JSON' };
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return { problem: 'is not a record' };
  const record = content as Record<string, unknown>;
  if (record['kind'] !== kind) return { problem: `is not a ${kind} of NodePrep` };
  const found = record['version'];
  if (typeof found !== 'number' || !Number.isInteger(found)) return { problem: 'has no version' };
  if (found > version)
    return { problem: `has version ${found}, this NodePrep knows ${version}: it was written by a newer one` };
  return { content: record };
}

/** Moves an unusable record aside under a name that is free, and returns a sentence about it. */
export async function setAside(host: Host, path: string, problem: string, now: Date): Promise<string> {
  const stamp = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let aside = `${path}.unusable-${stamp}`;
  for (let n = 1; (await host.stat(aside)) !== undefined; n += 1) aside = `${path}.unusable-${stamp}.${n}`;
  const bytes = (await host.readFile(path, 'bytes')) ?? '';
  await host.writeFile(aside, bytes, { encoding: 'bytes', mode: 0o600 });
  await host.removeFile(path);
  return `${path} ${problem}; it was kept as ${aside} and a new one was started`;
}
