/** The program containerd: which one a host has, and its version while it does not run. */
import { CommandError } from '../../../host/errors.ts';
import type { HostReader } from '../../../host/host.ts';
import { readUnit } from '../../unit-files.ts';

const UNIT = 'containerd.service';
const PROGRAMS = ['/usr/local/bin/containerd', '/usr/bin/containerd'] as const;

/** The program that the unit starts, or the one that is installed. */
export async function containerdProgram(host: HostReader): Promise<string | undefined> {
  const started = (await readUnit(host, UNIT)).flatMap(({ text }) => [
    ...text.matchAll(/^\s*ExecStart=[-@:+!]*(\/\S*\/containerd)(?=\s|$)/gm),
  ]);
  const paths = [...started.map(([, path = '']) => path).toReversed(), ...PROGRAMS];
  for (const path of paths) if ((await host.stat(path)) !== undefined) return path;
  return undefined;
}

/** By host and program, until the file of the program is another one. */
const versions = new WeakMap<HostReader, { readonly stamp: string; readonly version: string | undefined }>();

/** The version of the installed program, which runs for it once; `undefined` where it cannot run. */
export async function containerdVersion(host: HostReader, signal: AbortSignal): Promise<string | undefined> {
  const program = host.kernel === 'running' ? await containerdProgram(host) : undefined;
  if (program === undefined) return undefined;
  const stat = await host.stat(program);
  const stamp = `${program} ${stat?.size} ${stat?.modifiedMs}`;
  const known = versions.get(host);
  if (known?.stamp === stamp) return known.version;
  try {
    const { stdout } = await host.query([program as `/${string}/containerd`, '--version'], {
      timeoutMs: 10_000,
      signal,
    });
    const version = / v?(\d+\.\d+[^\s]*)/.exec(stdout)?.[1];
    versions.set(host, { stamp, version });
    return version;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}
