/** The boot loaders that are known, and which of them a host boots by. */
import type { HostReader } from '../../../host/host.ts';
import { GRUB } from './grub.ts';
import type { BootLoader, LoaderState } from './loader.ts';

/** In this order they are looked for. Each leaves alone what a more special one before it boots. */
export const LOADERS: readonly BootLoader[] = [GRUB];

/** A loader in use, with what it reads. */
export interface UsedLoader {
  readonly name: string;
  readonly state: LoaderState;
}

/** Every loader in use; more than one is unclear. Throws `HostFileError`. */
export async function usedLoaders(host: HostReader, signal: AbortSignal): Promise<readonly UsedLoader[]> {
  const used: UsedLoader[] = [];
  for (const { name, observe } of LOADERS) {
    const state = await observe(host, signal);
    if (state !== undefined) used.push({ name, state });
  }
  return used;
}

/** The loader of a name that `usedLoaders` gave. */
export function loaderNamed(name: string): BootLoader {
  const loader = LOADERS.find((one) => one.name === name);
  if (loader === undefined) throw new Error(`There is no boot loader ${name}`);
  return loader;
}
