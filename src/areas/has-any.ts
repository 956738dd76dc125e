import type { HostReader } from '../host/host.ts';

/** Whether one of the files exists, looked for in this order. Throws `HostFileError`. */
export async function hasAny(host: HostReader, paths: readonly string[]): Promise<boolean> {
  for (const path of paths) if ((await host.stat(path)) !== undefined) return true;
  return false;
}
