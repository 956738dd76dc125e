/** Finds and reads the spec files of a host. */
import type { HostReader } from '../host/host.ts';
import { HostFileError } from '../host/errors.ts';
import { tooMuchIn } from '../host/file-limits.ts';
import { shellWord } from '../host/shell-words.ts';
import { refuseDistrusted } from './distrust.ts';

/** Main file and drop-in folder, read when no file is named. */
export const SPEC_FILE = '/etc/nodeprep/nodeprep.yaml';
/** Drop-in folder, merged in the order of its names. */
export const SPEC_DIRECTORY = '/etc/nodeprep/nodeprep.d';

const PARENT = '/etc/nodeprep';
/** What people write instead of the main file. */
const OTHER_NAME = `${PARENT}/nodeprep.yml`;

/** What people write is some hundred lines; reading many times more would hold up the kubelet, or end the daemon. */
const MOST_FILES = 256;
const MOST_BYTES = 1024 * 1024;

/** A spec file as `loadSpec` takes it. */
export interface SpecInput {
  readonly file: string;
  readonly contents: Uint8Array;
}

/** Reads the named files, all of which must exist. Throws `HostFileError`. */
export async function readNamedFiles(host: HostReader, files: readonly string[]): Promise<SpecInput[]> {
  return Promise.all(files.map((file) => readInput(host, file)));
}

/**
 * Reads the main file and `nodeprep.d/*.yaml` in name order; empty when the host has neither.
 * Throws `HostFileError`, also when a listed file is gone before it was read: half a spec must
 * never be enforced. Throws `SpecInvalidError` when other users than root could have written one.
 */
export async function readDefaultFiles(host: HostReader): Promise<SpecInput[]> {
  const files: string[] = [];
  if ((await host.stat(SPEC_FILE)) !== undefined) files.push(SPEC_FILE);
  else await refuseMisplaced(host);
  const names = await host.listDirectory(SPEC_DIRECTORY);
  for (const name of names ?? []) {
    if (/\.ya?ml$/.test(name) && !name.startsWith('.')) files.push(`${SPEC_DIRECTORY}/${name}`);
  }
  if (files.length > MOST_FILES) throw tooMuchIn(SPEC_DIRECTORY, `${MOST_FILES} files`, host.directory);
  await refuseDistrusted(host, names === undefined ? files : [...files, SPEC_DIRECTORY]);
  const inputs: SpecInput[] = [];
  let bytes = 0;
  for (const file of files) {
    const input = await readInput(host, file);
    bytes += input.contents.length;
    if (bytes > MOST_BYTES) throw tooMuchIn(SPEC_DIRECTORY, `${MOST_BYTES / 1024} KiB`, host.directory);
    inputs.push(input);
  }
  return inputs;
}

/** A spec in another place would leave the node to the built-in profile without a word. Throws `HostFileError`. */
async function refuseMisplaced(host: HostReader): Promise<void> {
  const below = host.directory === undefined ? {} : { below: host.directory };
  const at = (path: string) => `${host.directory ?? ''}${path}`;
  const word = (path: string) => shellWord(at(path));
  if ((await host.stat(PARENT))?.type === 'file') {
    const [file, moved] = [word(PARENT), word(`${PARENT}.tmp`)];
    const move = `mv ${file} ${moved} && mkdir ${file} && mv ${moved} ${word(SPEC_FILE)}`;
    throw new HostFileError(
      'read',
      SPEC_FILE,
      'ENOTDIR',
      `${at(PARENT)} is a file where a directory belongs, and without a spec the node would get the built-in profile; run "${move}"`,
      below,
    );
  }
  if ((await host.stat(OTHER_NAME)) !== undefined) {
    const detail = `a spec of this name is not read, and the node would get the built-in profile instead; run "mv ${word(OTHER_NAME)} ${word(SPEC_FILE)}"`;
    throw new HostFileError('use', OTHER_NAME, 'EINVAL', detail, below);
  }
}

async function readInput(host: HostReader, file: string): Promise<SpecInput> {
  const contents = await host.readFile(file, 'bytes');
  if (contents === undefined) {
    throw new HostFileError('read', file, 'ENOENT', 'there is no such file (or it vanished while the spec was read)', {
      ...(host.directory === undefined ? {} : { below: host.directory }),
    });
  }
  return { file: `${host.directory ?? ''}${file}`, contents: Buffer.from(contents, 'latin1') };
}
