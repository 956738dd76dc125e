/** The boot loaders that are known, and which of them a host boots by. */
import type { HostReader } from '../../../host/host.ts';
import { grubEntries } from './entries/grub-entries.ts';
import { ostree } from './entries/ostree.ts';
import { systemdBoot } from './entries/systemd-boot.ts';
import { piDebian, piPlain, piUbuntu } from './firmware/raspberry-pi.ts';
import { GRUB } from './grub.ts';
import type { BootLoader, LoaderState } from './loader.ts';
import { uBootMenu } from './u-boot-menu.ts';
import { unmounted } from './unmounted.ts';

/** In this order they are looked for. Each leaves alone what a more special one before it boots. */
export const LOADERS: readonly BootLoader[] = [
  ostree,
  piUbuntu,
  piDebian,
  piPlain,
  systemdBoot,
  grubEntries,
  GRUB,
  uBootMenu,
  unmounted,
];
/** Left by the loader that started this system from EFI, where it does so. */
const LOADER_INFO = '/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';

/** A loader in use, with what it reads. */
export interface UsedLoader {
  readonly name: string;
  readonly state: LoaderState;
}

/** Every loader in use; more than one is unclear. Throws `HostFileError`. */
export async function usedLoaders(host: HostReader, signal: AbortSignal): Promise<readonly UsedLoader[]> {
  const used: UsedLoader[] = [];
  for (const { name, observe } of LOADERS) {
    if (name === unmounted.name && used.length > 0) continue;
    const state = await observe(host, signal);
    if (state !== undefined) used.push({ name, state });
  }
  return used.length < 2 ? used : startedBy(used, await loaderInfo(host));
}

/** The loader of a name that `usedLoaders` gave. */
export function loaderNamed(name: string): BootLoader {
  const loader = LOADERS.find((one) => one.name === name);
  if (loader === undefined) throw new Error(`There is no boot loader ${name}`);
  return loader;
}

/** What is installed beside the loader that says it started this system does not count. */
function startedBy(used: readonly UsedLoader[], info: string): readonly UsedLoader[] {
  const isSystemdBoot = info.startsWith('systemd-boot');
  if (!isSystemdBoot && !info.startsWith('GRUB')) return used;
  return used.filter(({ name }) => (name === systemdBoot.name) === isSystemdBoot);
}

/** Four bytes of attributes, then UTF-16. Read only where it decides: the firmware is asked at every read. */
async function loaderInfo(host: HostReader): Promise<string> {
  const bytes = (await host.readFile(LOADER_INFO, 'bytes')) ?? '';
  return Buffer.from(bytes.slice(4), 'latin1').toString('utf16le');
}
