/** The boot loaders that are known, and which of them a host boots by. */
import type { HostReader } from '../../../host/host.ts';
import type { BootLoader, LoaderState } from './loader.ts';

/** In this order they are looked for; the first that is in use boots the host. */
export const LOADERS: readonly BootLoader[] = [];

/** A loader in use, with what it reads. */
export interface UsedLoader {
  readonly loader: BootLoader;
  readonly state: LoaderState;
}

/** Every loader in use; more than one is unclear. Throws `HostFileError`. */
export async function usedLoaders(host: HostReader, signal: AbortSignal): Promise<readonly UsedLoader[]> {
  const used: UsedLoader[] = [];
  for (const loader of LOADERS) {
    const state = await loader.observe(host, signal);
    if (state !== undefined) used.push({ loader, state });
  }
  return used;
}
