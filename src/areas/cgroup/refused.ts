/**
 * Texts of configuration files that a runtime did not take. They are on disk before the file goes back, so that a kill
 * loses no rollback, and the same text is not tried again: another spec or another file makes another text.
 */
import type { Host, HostReader } from '../../host/host.ts';
import { createSha256 } from '../../host/sha256.ts';
import { isTable, textOf } from '../tables.ts';
import { RUNTIME_NAMES, type RuntimeName } from './observe/runtimes.ts';

/** A text that was refused. */
export interface Refused {
  readonly user: RuntimeName;
  readonly file: string;
  /** Of the refused text. */
  readonly sha256: string;
  /** The text to go back to; absent: there was no such file. */
  readonly before?: string;
  /** What happened and what to do, for people. */
  readonly why: string;
  /** Whether the file is as before, and the runtime was restarted with it where it ran. */
  readonly isBack: boolean;
}

/** Where they are kept. */
export const REFUSED_PATH = '/var/lib/nodeprep/refused-files.json';
const KIND = 'RefusedFiles';
const VERSION = 1;
/** One for each file of each runtime; more are of files that were named otherwise once. */
const MOST = 8;

/** The refused texts, newest last. What cannot be understood refuses nothing. Throws `HostFileError`. */
export async function readRefused(host: HostReader): Promise<readonly Refused[]> {
  return (await host.parsed(REFUSED_PATH, refusedFrom)) ?? [];
}

/** Records one, instead of what is recorded of the same text. */
export async function recordRefused(host: Host, refused: Refused): Promise<void> {
  const others = (await readRefused(host)).filter((one) => one.file !== refused.file || one.sha256 !== refused.sha256);
  const content = { kind: KIND, version: VERSION, files: [...others, refused].slice(-MOST) };
  await host.writeFile(REFUSED_PATH, `${JSON.stringify(content)}\n`, { mode: 0o600 });
}

/** The sum by which a text is known. */
export function sumOfText(text: string): string {
  return createSha256().update(text).digest('hex');
}

function refusedFrom(text: string): readonly Refused[] {
  try {
    const content: unknown = JSON.parse(text);
    if (!isTable(content) || content['kind'] !== KIND || content['version'] !== VERSION) return [];
    return Array.isArray(content['files']) ? content['files'].filter(isRefused) : [];
  } catch {
    return [];
  }
}

function isRefused(one: unknown): one is Refused {
  if (!isTable(one)) return false;
  const isText = ['file', 'sha256', 'why'].every((name) => textOf(one[name]) !== '');
  const isUser = RUNTIME_NAMES.some((name) => name === one['user']);
  const isBefore = one['before'] === undefined || typeof one['before'] === 'string';
  return isText && isUser && isBefore && typeof one['isBack'] === 'boolean';
}
