/** Refuses what a person declares in files that other users than root could have written. */
import { SpecInvalidError } from '../api/yaml/errors.ts';
import { distrustOf } from '../host/distrust.ts';
import type { HostReader } from '../host/host.ts';

/** Throws `SpecInvalidError` with one problem for each place to repair. */
export async function refuseDistrusted(host: HostReader, files: readonly string[]): Promise<void> {
  const found = await distrustOf(host, files);
  const nowhere = { line: 0, column: 0, path: '' };
  if (found.length > 0) throw new SpecInvalidError(found.map((problem) => ({ ...problem, ...nowhere })));
}
